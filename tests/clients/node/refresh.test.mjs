// The refreshing of docs/recipes.md, by eight windows that share one login, against a server that takes each token once.
// Sidecars are killed at any moment; windows at any but that at which they alone have the token that the server takes next;
// both are stopped for longer than the lease. Nobody may be logged out, and the store has the last token in the end.
//
// Then the same windows, with nothing killed, while the user logs out and in again in the middle of refreshes, and with a
// server whose dates are past or missing.
//
// RIG_SECONDS: how long at least; else until 500 refreshes. RIG_SEED: which choices are made here.

import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { writeRecipes } from './lib/recipes.mjs';
import { binary } from './lib/vault.mjs';

const WINDOWS = 8;
const REFRESHES = 500;
/** How long a lease is, and a stop that is longer. */
const LEASE = 1_000;
const STOP = 1_400;

/** The same numbers for the same seed. */
function random(seed) {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 33n) / 2 ** 31;
  };
}

function signal(pid, name) {
  try {
    if (pid) process.kill(pid, name);
  } catch (error) {
    // It has ended already.
    assert.equal(error.code, 'ESRCH');
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Removes a folder. A sidecar whose window was killed may still close its store there, and add files meanwhile. */
async function remove(folder) {
  for (let left = 500; ; left -= 1) {
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'ENOTEMPTY' || left === 0) throw error;
      await pause(20);
    }
  }
}

class Refreshing {
  figures = { refreshes: 0, refused: 0, windowsKilled: 0, sidecarsKilled: 0, stops: 0, stopsWithTheToken: 0 };
  loggedOut = false;
  #windows = [];
  #opened = 0;
  #token = 'first';
  #over = false;

  constructor(seed, settings) {
    this.random = random(seed);
    this.settings = settings;
    this.home = mkdtempSync(join(tmpdir(), 'vault-refresh-'));
    this.recipes = writeRecipes(this.home, 10);
    this.key = randomBytes(20).toString('hex');
    this.args = ['--data-dir', join(this.home, 'data'), '--key-dir', join(this.home, 'keys')];
  }

  async run() {
    const { Vault } = await import(this.recipes);
    const own = new Vault(this.key, () => spawn(this.settings.binary, this.args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    const tokens = { context: 'user', name: 'oauth' };
    await own.call('setPersistentData', { ...tokens, data: this.#fresh() });
    const server = createServer((request, response) => this.#serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.address = `http://127.0.0.1:${server.address().port}`;
    for (let name = 0; name < WINDOWS; name++) this.#open(name);
    const began = Date.now();
    while (!this.loggedOut && !this.settings.enough(this.figures, Date.now() - began)) {
      await pause(40 + 100 * this.random());
      this.#chaos();
    }
    this.#over = true;
    // Whoever has a token in memory stores it; then nobody writes any more.
    const deadline = Date.now() + 60_000;
    while (!this.loggedOut && this.#windows.some((window) => window.carries) && Date.now() < deadline) await pause(20);
    for (const window of this.#windows) this.#kill(window);
    const stored = await own.read('getPersistentData', tokens);
    await own.close();
    server.closeAllConnections();
    server.close();
    await remove(this.home);
    this.keptTheLast = stored?.refreshToken === this.#token;
    return this;
  }

  #fresh() {
    return { accessToken: `for ${this.#token}`, refreshToken: this.#token, expiresAt: Date.now() + 10 };
  }

  #open(name) {
    const { settings, recipes, key, args } = this;
    // The request of a window that was killed may be read when there is another in its place.
    const id = String(this.#opened++);
    const own = { ...settings.window, binary: settings.binary, recipes, key, args, name: id, server: this.address };
    const child = fork(new URL('./lib/window.mjs', import.meta.url), {
      env: { ...process.env, WINDOW: JSON.stringify(own) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const window = { name, id, child, sidecar: null, carries: false, stopped: false, alive: true };
    this.#windows[name] = window;
    child.on('message', (message) => {
      if (message.sidecar) window.sidecar = message.sidecar;
      if (message.gone === window.sidecar) window.sidecar = null;
      if (message.stored) window.carries = false;
      if (message.loggedOut) this.loggedOut = true;
      if (message.refused) assert.fail(`a window was refused with ${message.refused}`);
    });
    // One that ends by itself has failed.
    child.once('exit', () => {
      if (window.alive) this.loggedOut = true;
    });
  }

  /** The token server: whoever brings the token that it gave last gets another one; nobody gets anything for any other. */
  async #serve(request, response) {
    const window = this.#windows.find(({ id }) => id === request.headers.window);
    if (window === undefined) return response.destroy();
    let token = '';
    for await (const piece of request) token += piece;
    // A window that was asleep for so long finds its lease gone before it has asked.
    if (!this.#over && this.random() < 0.01) await this.#stop(window);
    // Nothing is given to one that is gone: that token would be nobody's.
    if (!window.alive || this.#over) return response.destroy();
    if (token !== this.#token) {
      this.figures.refused += 1;
      return response.writeHead(400).end();
    }
    this.figures.refreshes += 1;
    window.carries = true;
    this.#token = randomBytes(8).toString('hex');
    const answer = JSON.stringify(this.#fresh());
    const choice = this.random();
    if (choice < 0.015) {
      this.figures.stopsWithTheToken += 1;
      this.#stop(window);
    } else if (choice < 0.06) {
      this.#killSidecar(window);
    }
    response.end(answer);
  }

  #chaos() {
    const window = this.#windows[Math.floor(WINDOWS * this.random())];
    const choice = this.random();
    if (choice < 0.3) {
      if (!window.carries) {
        this.figures.windowsKilled += 1;
        this.#kill(window);
        this.#open(window.name);
      }
    } else if (choice < 0.9) {
      this.#killSidecar(window);
    } else {
      this.#stop(window);
    }
  }

  #kill(window) {
    window.alive = false;
    window.child.kill('SIGKILL');
    signal(window.sidecar, 'SIGKILL');
  }

  #killSidecar(window) {
    this.figures.sidecarsKilled += 1;
    signal(window.sidecar, 'SIGKILL');
  }

  /** Stops a window and its sidecar for longer than its lease. */
  async #stop(window) {
    if (window.stopped || !window.alive) return;
    this.figures.stops += 1;
    window.stopped = true;
    const both = [window.child.pid, window.sidecar];
    for (const pid of both) signal(pid, 'SIGSTOP');
    await pause(STOP);
    for (const pid of both) signal(pid, 'SIGCONT');
    window.stopped = false;
  }

}

const seed = Number(process.env.RIG_SEED ?? randomBytes(4).readUInt32BE());

async function refreshing(settings) {
  const run = await new Refreshing(seed, settings).run();
  const { refreshes, refused, windowsKilled, sidecarsKilled, stops, stopsWithTheToken } = run.figures;
  const what = settings.window.careless ? 'refreshing without care' : `refreshing ${settings.window.fault}`.trim();
  console.log(
    `rig: ${what}: seed ${seed}, ${refreshes} refreshes, ${refused} spent tokens presented, ` +
      `${windowsKilled} windows and ${sidecarsKilled} sidecars killed, ${stops} stops longer than the lease, ` +
      `${stopsWithTheToken} of them with the only token: ${run.loggedOut ? 'logged out' : 'nobody logged out'}`,
  );
  return run;
}

const least = Number(process.env.RIG_SECONDS ?? 0) * 1000;
const window = { options: { leaseMs: LEASE, reads: 300 }, fault: '', killAfterStoring: 0.1 };

test('eight windows refresh a token that is taken once, and nobody is ever logged out', async () => {
  const enough = ({ refreshes }, time) => refreshes >= REFRESHES && time >= least;
  const { loggedOut, keptTheLast, figures } = await refreshing({ binary, window, enough });
  assert.ok(!loggedOut);
  assert.ok(keptTheLast, 'the store has the last token');
  assert.ok(figures.windowsKilled > 0 && figures.stops > 0);
});

/** Until they are logged out, but not for ever. */
const found = (_, time) => time > 120_000;

test('a write that is answered before it is stored logs them out', async () => {
  const planted = process.env.PLUGIN_VAULT_FAULTS_BIN;
  assert.ok(planted, 'PLUGIN_VAULT_FAULTS_BIN names the binary that bugs can be planted in');
  const own = { options: { leaseMs: LEASE, reads: 20 }, fault: 'early-answer', killAfterStoring: 0.5 };
  assert.ok((await refreshing({ binary: planted, window: own, enough: found })).loggedOut);
});

test('whoever takes a refused token for the end of the login is logged out', async () => {
  assert.ok((await refreshing({ binary, window: { ...window, careless: true }, enough: found })).loggedOut);
});

const TOKENS = { context: 'user', name: 'oauth' };

/**
 * Windows that need a token again and again, of which none is killed. `expiresAt` gives the dates of the server's tokens.
 * `during` runs when the server has taken a token and not yet answered. Emits `settled` when a window has stored or dropped
 * what it was answered.
 */
class Calm extends EventEmitter {
  asked = 0;
  loggedOut = 0;
  /** The access tokens that calls gave. */
  got = [];
  /** How often the user has logged in; each token begins with that number. */
  login = 0;
  #settings;
  #taken = new Set();
  #windows = [];
  #home = mkdtempSync(join(tmpdir(), 'vault-refresh-'));

  constructor(settings) {
    super();
    this.#settings = { windows: 4, during: () => {}, ...settings };
  }

  async start() {
    const recipes = writeRecipes(this.#home, 10);
    const key = randomBytes(20).toString('hex');
    const args = ['--data-dir', join(this.#home, 'data'), '--key-dir', join(this.#home, 'keys')];
    const { Vault } = await import(recipes);
    this.own = new Vault(key, () => spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    await this.logIn();
    this.http = createServer((request, response) => this.#serve(request, response));
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
    const server = `http://127.0.0.1:${this.http.address().port}`;
    const { windows, calls } = this.#settings;
    for (let name = 0; name < windows; name++) {
      const own = { ...window, killAfterStoring: 0, binary, recipes, key, args, name, server, calls };
      const child = fork(new URL('./lib/window.mjs', import.meta.url), {
        env: { ...process.env, WINDOW: JSON.stringify(own) },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      const one = { child, ended: once(child, 'exit'), sidecar: null, settle: null };
      this.#windows[name] = one;
      child.on('message', (message) => this.#hear(one, message));
    }
  }

  #hear(window, message) {
    if (message.sidecar) window.sidecar = message.sidecar;
    if (message.gone === window.sidecar) window.sidecar = null;
    if (message.got) this.got.push(message.got);
    if (message.loggedOut) this.loggedOut += 1;
    if (message.refused) this.emit('error', new Error(`a window was refused with ${message.refused}`));
    if (message.stored) window.settle?.();
  }

  #fresh() {
    const refreshToken = `${this.login}-${randomBytes(8).toString('hex')}`;
    this.#taken.add(refreshToken);
    return { accessToken: `for ${refreshToken}`, refreshToken, expiresAt: this.#settings.expiresAt() };
  }

  async logIn() {
    this.login += 1;
    await this.own.call('setPersistentData', { ...TOKENS, data: this.#fresh() });
  }

  async logOut() {
    await this.own.call('deletePersistentData', TOKENS);
  }

  stored() {
    return this.own.read('getPersistentData', TOKENS);
  }

  /** Takes each token once, also those of a login before the last. */
  async #serve(request, response) {
    const window = this.#windows[request.headers.window];
    let token = '';
    for await (const piece of request) token += piece;
    this.asked += 1;
    if (!this.#taken.delete(token)) return response.writeHead(400).end();
    const fresh = this.#fresh();
    const settled = new Promise((resolve) => (window.settle = resolve));
    await this.#settings.during(this);
    response.end(JSON.stringify(fresh));
    await settled;
    this.emit('settled');
  }

  /** Waits for windows that make a number of calls. */
  async ended() {
    await Promise.all(this.#windows.map(({ ended }) => ended));
  }

  async stop() {
    for (const { child, sidecar } of this.#windows) {
      child.kill('SIGKILL');
      signal(sidecar, 'SIGKILL');
    }
    await this.ended();
    await this.own.close();
    this.http.closeAllConnections();
    this.http.close();
    await remove(this.#home);
  }
}

async function calmly(settings, work) {
  const calm = new Calm(settings);
  await calm.start();
  try {
    await work(calm);
  } finally {
    await calm.stop();
  }
}

const soon = () => Date.now() + 10;
const ROUNDS = 20;

test('a logout in the middle of a refresh is not undone', async () => {
  await calmly({ expiresAt: soon, during: (calm) => calm.logOut() }, async (calm) => {
    for (let round = 0; round < ROUNDS; round++) {
      await once(calm, 'settled');
      assert.equal(await calm.stored(), null);
      await calm.logIn();
    }
    assert.ok(calm.loggedOut > 0, 'the windows find out');
  });
});

test('another login in the middle of a refresh is not overwritten', async () => {
  await calmly({ expiresAt: soon, during: (calm) => calm.logIn() }, async (calm) => {
    for (let round = 0; round < ROUNDS; round++) {
      await once(calm, 'settled');
      const { login } = calm;
      const { refreshToken } = await calm.stored();
      assert.ok(Number.parseInt(refreshToken, 10) >= login, `${refreshToken} is of a login before ${login}`);
    }
    assert.equal(calm.loggedOut, 0);
  });
});

for (const [what, expiresAt] of [
  ['with a clock that is ahead of the server\'s', () => Date.now() - 3_600_000],
  ['with a server that gives no dates', () => undefined],
]) {
  test(`${what} each call asks once, and gets what it was answered`, async () => {
    const [windows, calls] = [4, 10];
    await calmly({ expiresAt, windows, calls }, async (calm) => {
      await calm.ended();
      assert.equal(calm.loggedOut, 0);
      assert.equal(calm.got.length, windows * calls);
      assert.equal(new Set(calm.got).size, windows * calls, 'no two calls get the same token');
      assert.equal(calm.asked, windows * calls);
    });
  });
}
