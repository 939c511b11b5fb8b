// A terminal for editors that need a screen: tmux, on a socket of the test's own.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { binary } from './editors.mjs';

/** Looks again until a condition holds, at most 20 seconds long. */
export async function until(condition, what = 'it') {
  for (const late = Date.now() + 20_000; !condition(); ) {
    assert.ok(Date.now() < late, typeof what === 'function' ? what() : what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export class Terminal {
  #socket;
  #env;
  #folder;

  constructor(home) {
    this.#socket = join(home.top, 'tmux');
    this.#folder = join(home.top, 'project');
    const bin = join(home.top, 'bin');
    mkdirSync(bin);
    symlinkSync(binary, join(bin, 'plugin-vault'));
    const runtime = join(home.top, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    const PATH = `${bin}:${dirname(process.execPath)}:${process.env.PATH}`;
    this.#env = home.env({ PATH, TERM: 'xterm-256color', SHELL: '/bin/sh', XDG_RUNTIME_DIR: runtime });
  }

  /** Starts a program, a command for a shell or the words of one, and waits until it shows a text. */
  async start(command, shows) {
    this.#tmux('new-session', '-d', '-x', '100', '-y', '20', '-c', this.#folder, ...[command].flat());
    await this.sees(shows);
  }

  press(...keys) {
    this.#tmux('send-keys', ...keys);
  }

  /** Types a text, and waits until another one is on the screen. */
  async type(text, shows) {
    this.#tmux('send-keys', '-l', text);
    await this.sees(shows);
  }

  async sees(text) {
    await until(() => this.#screen().includes(text), () => `${text} is not on the screen:\n${this.#screen()}`);
  }

  close() {
    try {
      this.#tmux('kill-server');
    } catch {
      // The program has ended, and tmux with it.
    }
  }

  #screen() {
    return this.#tmux('capture-pane', '-p');
  }

  #tmux(...args) {
    return execFileSync('tmux', ['-S', this.#socket, '-f', '/dev/null', ...args], { env: this.#env, encoding: 'utf8', stdio: 'pipe' });
  }
}
