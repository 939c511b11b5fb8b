// A separate store for each test, and the checks at its end: no process left, no secret in any file.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { openSidecar, openVault } from 'plugin-vault';

import { Canaries } from '../../../tests/clients/node/lib/canaries.mjs';

export const binary = process.env.PLUGIN_VAULT_BIN;
assert.ok(binary, 'PLUGIN_VAULT_BIN names the binary to test');
// Tests must not use the caller's own store and log settings.
for (const name of ['CONNECT', 'DATA_DIR', 'KEY_DIR', 'STORE'].map((name) => `PLUGIN_VAULT_${name}`).concat('RUST_LOG')) delete process.env[name];

/** A test with a separate world. */
export function vaultTest(name, steps) {
  test(name, { timeout: 120_000 }, async () => {
    const world = new World();
    try {
      await steps(world);
      await world.close();
    } finally {
      // Vaults that a failed test leaves open would block the others.
      await world.abandon();
      world.remove();
    }
  });
}

export class World {
  canaries = new Canaries();
  top = realpathSync(mkdtempSync(join(tmpdir(), 'vault-node-')));
  /** Lines on stderr of every sidecar. A test that causes a warning clears it. */
  log = [];
  #open = [];
  #guarded = false;

  constructor() {
    this.plugin = this.canaries.word();
    this.folder = join(this.top, 'empty');
    mkdirSync(this.folder);
  }

  get options() {
    const dirs = { dataDir: join(this.top, 'data'), keyDir: join(this.top, 'keys') };
    return { ...dirs, log: (line) => this.log.push(line) };
  }

  /** A window: a separate process on the store of this world. */
  async open(options = {}) {
    const key = options.apiKey ? {} : { plugin: this.plugin, installation: 'test' };
    const vault = await openVault({ ...this.options, ...key, ...options });
    this.#open.push(vault);
    return vault;
  }

  /** Lets a passphrase alone open the store, which is unlocked for the windows that are open then. */
  async guard(passphrase) {
    if (this.#guarded) return;
    this.#guarded = true;
    const { dataDir, keyDir } = this.options;
    const protector = (...args) => {
      const options = ['--data-dir', dataDir, '--key-dir', keyDir];
      const { status, stderr } = spawnSync(binary, ['protector', ...args, ...options], { input: `${passphrase}\n`, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    };
    protector('add', 'passphrase', '--new-passphrase-fd', '0');
    protector('remove', 'key-file', '--yes', '--passphrase-fd', '0');
  }

  /** A client at the other end of a relay: it knows the socket, and no store. */
  async connect({ socket: connect }) {
    const { log } = this.options;
    const vault = await openVault({ connect, plugin: this.plugin, installation: 'remote', log });
    this.#open.push(vault);
    return vault;
  }

  async openSidecar(options = {}) {
    const sidecar = await openSidecar({ ...this.options, ...options });
    this.#open.push(sidecar);
    return sidecar;
  }

  /** Ends a window's sidecar with SIGKILL, and waits until it has ended. */
  async kill(vault) {
    const { pid, ended } = await vault.sidecar.connection();
    process.kill(pid, 'SIGKILL');
    // A sidecar without a request does not keep Node running.
    const waiting = setTimeout(() => {}, 60_000);
    await ended;
    clearTimeout(waiting);
  }

  /** Process ids of the sidecars on this world's store. */
  processes() {
    return processesWith(this.top);
  }

  async abandon() {
    await Promise.allSettled(this.#open.map((opened) => opened.close()));
  }

  async close() {
    for (const opened of this.#open) await opened.close();
    assert.deepEqual(this.processes(), [], 'no process is left');
    assert.deepEqual(this.log, [], 'nothing is left on stderr');
    for (const folder of ['data', 'keys']) {
      if (readdirSync(this.top).includes(folder)) this.canaries.searchBelow(join(this.top, folder));
    }
  }

  /** Cleans up, also after a failed test. */
  remove() {
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.top, { recursive: true, force: true });
  }
}

/** Stops a process. The system stops one thread after another, and until then the others go on. */
export function stop(pid) {
  process.kill(pid, 'SIGSTOP');
  const isStopped = (thread) => / T [0-9-]/.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
  const until = performance.now() + 30_000;
  while (!readdirSync(`/proc/${pid}/task`).every(isStopped)) assert.ok(performance.now() < until, 'it stops');
}

/** Ids of the processes whose arguments contain a text. */
export function processesWith(text) {
  const arguments_ = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  };
  const numbers = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).map(Number);
  return numbers.filter((pid) => pid !== process.pid && arguments_(pid).includes(text));
}
