// Runs Neovim and Vim for the tests of their bindings, each with a home and a store of the test's own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { Canaries } from '../../../../tests/clients/node/lib/canaries.mjs';

export const binary = process.env.PLUGIN_VAULT_BIN;
assert.ok(binary, 'PLUGIN_VAULT_BIN names the binary to test');

const folder = join(import.meta.dirname, '..', '..', '..');
const COMMANDS = {
  neovim: ['--headless', '-u', 'NONE', '-i', 'NONE', '-n', '--cmd', `set runtimepath^=${folder}/neovim`, '--cmd'],
  vim: ['-N', '-u', 'NONE', '-i', 'NONE', '-n', '-es', '--cmd', `set encoding=utf-8 runtimepath^=${folder}/vim`, '--cmd'],
};
const PLUGINS = { neovim: 'runtime plugin/plugin-vault.lua', vim: 'runtime plugin/pluginvault.vim' };

/** The editors of a kind: each with `name`, `kind`, and the program's path. */
export function editorsOf(kind) {
  const paths = process.env[kind === 'vim' ? 'VIM_HOSTS' : 'NVIM_HOSTS'];
  assert.ok(paths, 'tests/hosts/vi/prepare.sh names the editors');
  return paths.split(':').map((path, at) => ({ kind, path, name: `${kind} ${at + 1} (${basename(path)})` }));
}

export class Home {
  canaries = new Canaries();
  top = realpathSync(mkdtempSync(join(tmpdir(), 'vault-vi-')));

  constructor() {
    for (const name of ['home', 'project']) mkdirSync(join(this.top, name));
  }

  env(more = {}) {
    const own = {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      HOME: join(this.top, 'home'),
      PLUGIN_VAULT_BIN: binary,
      PLUGIN_VAULT_DATA_DIR: join(this.top, 'data'),
      PLUGIN_VAULT_KEY_DIR: join(this.top, 'keys'),
      OUT: join(this.top, 'out.json'),
      ...more,
    };
    return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  }

  /** Starts an editor, in the folder `project`, with a script of its binding's test folder. */
  start(editor, script, env) {
    const source = join(folder, editor.kind, 'test', script);
    const args = [...COMMANDS[editor.kind], PLUGINS[editor.kind], '-S', source];
    const child = spawn(editor.path, args, { cwd: join(this.top, 'project'), env: this.env(env), stdio: ['ignore', 'pipe', 'pipe'] });
    const running = { child, output: '' };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (running.output += text));
    running.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, output: running.output }));
    });
    return running;
  }

  /**
   * Runs one of the scenarios of behaviour.lua or behaviour.vim. Returns what it has written. With `shown`, the scenario shows an
   * error, after which Vim ends with 1.
   */
  async run(editor, scenario, env = {}, shown = false) {
    rmSync(join(this.top, 'out.json'), { force: true });
    const { code, output } = await this.start(editor, BEHAVIOUR[editor.kind], { SCENARIO: scenario, ...env }).ended;
    const written = existsSync(join(this.top, 'out.json')) ? readFileSync(join(this.top, 'out.json'), 'utf8') : '';
    assert.ok(code === 0 || (shown && editor.kind === 'vim' && written.startsWith('{')), `${scenario}: ${output}\n${written}`);
    this.canaries.search(Buffer.from(output), 'the output of the editor');
    assert.notEqual(written, '', `${scenario} has written nothing: ${output}`);
    return JSON.parse(written);
  }

  /** Ids of the processes of this home. */
  processes() {
    const environment = (pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8');
      } catch {
        return '';
      }
    };
    const numbers = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).map(Number);
    return numbers.filter((pid) => pid !== process.pid && environment(pid).includes(this.top));
  }

  /** No process is left, and no secret is in a file. */
  async close() {
    const late = Date.now() + 5_000;
    while (this.processes().length > 0 && Date.now() < late) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(this.processes(), [], 'no process is left');
    for (const name of ['data', 'keys', 'home']) {
      if (existsSync(join(this.top, name)) && name !== 'home') this.canaries.searchBelow(join(this.top, name));
    }
    this.searchHome(join(this.top, 'home'));
  }

  searchHome(path) {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) this.searchHome(inner);
      else if (entry.isFile()) this.canaries.search(readFileSync(inner), inner);
    }
  }

  /** Cleans up, also after a failed test. */
  remove() {
    for (const pid of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        // It has ended meanwhile.
        if (error.code !== 'ESRCH') throw error;
      }
    }
    rmSync(this.top, { recursive: true, force: true });
  }
}

/** The words of a command that starts an editor with its binding, for a terminal. */
export function onScreen(editor) {
  const args = COMMANDS[editor.kind].filter((word) => word !== '-es' && word !== '--headless');
  return [editor.path, ...args, PLUGINS[editor.kind], '--cmd', 'set laststatus=2'];
}

export const BEHAVIOUR = { neovim: 'behaviour.lua', vim: 'behaviour.vim' };
