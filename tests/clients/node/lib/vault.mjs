// A world of its own for each test (folders, canaries), the real binary in it, and vscode-jsonrpc at its pipes.
// A world that closes is strict: exit code 0, nothing unread, a quiet stderr, no canary anywhere.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { Canaries } from './canaries.mjs';

const require = createRequire(import.meta.url);

export const binary = process.env.PLUGIN_VAULT_BIN;
assert.ok(binary, 'PLUGIN_VAULT_BIN names the binary to test');

/** Runs `body` for each major of vscode-jsonrpc, once as an editor does it and once as a script does. */
export function eachClient(body) {
  for (const major of [8, 9, 10]) {
    for (const initialised of [true, false]) {
      describe(`vscode-jsonrpc ${major}, ${initialised ? 'initialised' : 'as a script'}`, () => {
        const vaultTest = (name, steps) =>
          test(name, { timeout: 120_000 }, async () => {
            const world = new World(major, initialised);
            try {
              await steps(world);
              await world.close();
            } finally {
              world.remove();
            }
          });
        body(vaultTest, initialised, major);
      });
    }
  }
}

class World {
  canaries = new Canaries();
  /** Cleared by a test that makes the vault warn. */
  quiet = true;
  #open = new Set();
  #stderr = '';

  constructor(major, initialised) {
    this.major = major;
    this.initialised = initialised;
    this.top = realpathSync(mkdtempSync(join(tmpdir(), 'vault-clients-')));
    this.data = join(this.top, 'data');
    this.keys = join(this.top, 'keys');
    // A script that names no folder works in this one.
    this.cwd = join(this.top, this.canaries.word());
    mkdirSync(this.cwd);
  }

  /** Spawns a sidecar and connects. `folders` are its workspace folders, given in the way of its mode. */
  async start({ folders = [], args = [] } = {}) {
    const named = this.initialised
      ? ['--stdio', `--clientProcessId=${process.pid}`]
      : folders.flatMap((uri) => ['--workspace-folder', uri]);
    const client = new Client(this, [...named, ...args]);
    this.#open.add(client);
    if (this.initialised) {
      client.greeting = await client.call('initialize', {
        processId: process.pid,
        clientInfo: { name: 'plugin-vault tests', version: '0' },
        rootUri: null,
        capabilities: {},
        workspaceFolders: folders.map((uri) => ({ uri, name: uri.slice(uri.lastIndexOf('/') + 1) })),
      });
      await client.tell('initialized', {});
    }
    return client;
  }

  /** One sidecar with one new API key set. */
  async startWithKey(options) {
    const client = await this.start(options);
    client.key = this.canaries.key();
    client.handle = (await client.call('setAPIKey', client.key)).handle;
    return client;
  }

  get stderr() {
    return this.#stderr;
  }

  ended(client, stderr) {
    this.#open.delete(client);
    this.#stderr += stderr;
  }

  async close() {
    for (const client of [...this.#open]) await client.close();
    if (this.quiet) assert.equal(this.#stderr, '', 'nothing is left on stderr');
    this.canaries.search(Buffer.from(this.#stderr), 'stderr');
    for (const top of [this.data, this.keys]) {
      if (existsSync(top)) this.canaries.searchBelow(top);
    }
  }

  /** The way out of a failed test: kill by the child's own handle, and leave nothing behind. */
  remove() {
    for (const client of this.#open) client.kill();
    rmSync(this.top, { recursive: true, force: true });
  }
}

class Client {
  #world;
  #child;
  #rpc;
  #closed;
  #stderr = '';
  #strays = [];

  constructor(world, args) {
    this.#world = world;
    // The caller's own settings must not change what "by default" means.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => name !== 'RUST_LOG' && !name.startsWith('PLUGIN_VAULT_')),
    );
    const all = ['--data-dir', world.data, '--key-dir', world.keys, ...args];
    this.#child = spawn(binary, all, { stdio: 'pipe', cwd: world.cwd, env });
    this.#closed = once(this.#child, 'close');
    this.#child.stderr.on('data', (text) => (this.#stderr += text));
    this.jsonrpc = require(`vscode-jsonrpc-${world.major}/node`);
    const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = this.jsonrpc;
    this.#rpc = createMessageConnection(
      new StreamMessageReader(this.#child.stdout),
      new StreamMessageWriter(this.#child.stdin),
    );
    this.#rpc.onError(([error]) => this.#strays.push(String(error)));
    this.#rpc.onUnhandledNotification((message) => this.#strays.push(message.method));
    this.#rpc.listen();
  }

  call(method, ...params) {
    return this.#rpc.sendRequest(method, ...params);
  }

  tell(method, ...params) {
    return this.#rpc.sendNotification(method, ...params);
  }

  /** Turns tracing on at both ends: this client then sends `$/setTrace`. */
  trace() {
    return this.#rpc.trace(this.jsonrpc.Trace.Verbose, { log: () => {} }, { sendNotification: true });
  }

  /** `shutdown` and `exit`, and all that has to be true then. */
  async close() {
    assert.equal(await this.call('shutdown'), null);
    return this.exit();
  }

  async exit() {
    await this.tell('exit');
    return this.gone(0);
  }

  /** Ends the input without a word. */
  hangUp(code) {
    this.#child.stdin.end();
    return this.gone(code);
  }

  async gone(expected) {
    const [code, signal] = await this.#closed;
    this.#rpc.dispose();
    this.#world.ended(this, this.#stderr);
    assert.equal(signal ?? code, expected, `the exit code; stderr: ${this.#stderr}`);
    assert.deepEqual(this.#strays, [], 'no message without a request');
  }

  kill() {
    this.#child.kill('SIGKILL');
  }
}
