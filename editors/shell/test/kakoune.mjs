// Kakoune in the tests: a session without a screen, which gets commands through its socket.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Home } from '../../neovim/test/lib/editors.mjs';

const PLUGIN = join(import.meta.dirname, '..', 'kakoune', 'plugin-vault.kak');

/** One word of Kakoune. */
export const quoted = (text) => `'${String(text).replaceAll("'", "''")}'`;

export { Home };

export class Kakoune {
  #home;
  #session;
  #folder;
  #child;
  #ended;
  #number = 0;

  /** Starts a session in a folder of a home. */
  static async start(home, name, folder, env = {}) {
    const kakoune = new Kakoune();
    kakoune.#home = home;
    kakoune.#session = `test-${name}`;
    kakoune.#folder = join(home.top, `kak-${name}`);
    mkdirSync(kakoune.#folder);
    mkdirSync(folder, { recursive: true });
    kakoune.env = home.env({ XDG_RUNTIME_DIR: kakoune.#folder, SHELL: '/bin/sh', ...env });
    const ready = join(kakoune.#folder, 'ready');
    const begin = `source ${quoted(PLUGIN)}; declare-option str out; echo -to-file ${quoted(ready)} ready`;
    const args = ['-n', '-ui', 'dummy', '-s', kakoune.#session, '-e', begin];
    kakoune.#child = spawn('kak', args, { cwd: folder, env: kakoune.env, stdio: ['ignore', 'ignore', 'pipe'] });
    kakoune.#ended = new Promise((resolve, reject) => kakoune.#child.once('error', reject).once('close', resolve));
    kakoune.#ended.catch(() => {});
    await kakoune.#written(ready);
    return kakoune;
  }

  /**
   * Carries out commands as if the user typed them, and returns the text that `value`, an expansion such as `%reg{dquote}`, then has.
   * An error of Kakoune is thrown.
   */
  async run(commands, value = '') {
    const number = (this.#number += 1);
    const path = (name) => join(this.#folder, `${number}.${name}`);
    writeFileSync(path('kak'), commands);
    const [script, shown, error, done] = ['kak', 'shown', 'error', 'done'].map((name) => quoted(path(name)));
    const input = `evaluate-commands -client client0 %[ try %[ source ${script}; echo -to-file ${shown} -- ${value} ] catch %[
      echo -to-file ${error} -- %val{error} ]; echo -to-file ${done} done ]`;
    execFileSync('kak', ['-p', this.#session], { input, env: this.env, stdio: 'pipe' });
    await this.#written(path('done'));
    if (existsSync(path('error'))) throw new KakouneError(readFileSync(path('error'), 'utf8'));
    return readFileSync(path('shown'), 'utf8');
  }

  async #written(path) {
    const late = Date.now() + 20_000;
    while (!existsSync(path) || readFileSync(path, 'utf8') === '') {
      assert.equal(this.#child.exitCode, null, 'Kakoune has ended');
      assert.ok(Date.now() < late, 'Kakoune does not answer');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Quits as the user does. */
  async close() {
    if (this.#child.exitCode === null) {
      execFileSync('kak', ['-p', this.#session], { input: 'evaluate-commands -client client0 %{ quit! 0 }', env: this.env });
    }
    assert.equal(await this.#ended, 0);
  }
}

/** An error that Kakoune shows to the user. */
export class KakouneError extends Error {}
