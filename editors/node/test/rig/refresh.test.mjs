// `vault.tokens` in eight windows that share one login, against a server that accepts each token once. Sidecars are killed at any
// moment, and windows at any moment except while they alone have the token that the server accepts next. Both are stopped for longer
// than the lease. No window may be logged out, and the store has the last token in the end.
//
// Then the same windows, with nothing killed, while the user logs out and in again in the middle of refreshes, and with a server
// whose dates are past or missing.
//
// RIG_SECONDS: the shortest duration; otherwise until 200 refreshes. RIG_SEED: which choices are made here.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { openVault } from 'plugin-vault';

import { binary } from '../world.mjs';

const WINDOWS = 8;
const REFRESHES = 200;
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
    process.kill(pid, name);
  } catch (error) {
    // It has ended already.
    assert.equal(error.code, 'ESRCH');
  }
}

/** Ids of the sidecars that a window has started. */
function sidecarsOf({ child }) {
  try {
    return readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    // The window has ended.
    return [];
  }
}

function killSidecars(window) {
  for (const pid of sidecarsOf(window)) signal(pid, 'SIGKILL');
}

/** The options with which all windows open the store of a test. */
function openOptions(home, program) {
  const folders = { dataDir: join(home, 'data'), keyDir: join(home, 'keys') };
  return { binary: program, ...folders, apiKey: randomBytes(20).toString('hex'), endsPerMinute: 1_000_000 };
}

function openWindow(settings) {
  return fork(new URL('./window.mjs', import.meta.url), {
    env: { ...process.env, WINDOW: JSON.stringify(settings) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

const TOKENS = { name: 'oauth' };

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
    this.open = openOptions(this.home, settings.binary);
  }

  async run() {
    const own = await openVault(this.open);
    await own.setPersistentData('user', this.#fresh(), TOKENS);
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
    // A window that has a token in memory stores it. Then no window writes any more.
    const deadline = Date.now() + 60_000;
    while (!this.loggedOut && this.#windows.some((window) => window.carries) && Date.now() < deadline) await pause(20);
    for (const window of this.#windows) this.#kill(window);
    const stored = await own.getPersistentData('user', TOKENS);
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
    // The request of a window that was killed may be read when another window has its name.
    const id = String(this.#opened++);
    const child = openWindow({ ...this.settings.window, open: this.open, name: id, server: this.address });
    const window = { name, id, child, carries: false, stopped: false, alive: true };
    this.#windows[name] = window;
    child.on('message', (message) => {
      if (message.stored) window.carries = false;
      if (message.loggedOut) this.loggedOut = true;
      if (message.refused) assert.fail(`a window was refused with ${message.refused}`);
    });
    // A window that ends by itself has failed.
    child.once('exit', () => {
      if (window.alive) this.loggedOut = true;
    });
  }

  /** The token server: gives another token for the one that it gave last, and refuses any other. */
  async #serve(request, response) {
    const window = this.#windows.find(({ id }) => id === request.headers.window);
    if (window === undefined) return response.destroy();
    let token = '';
    for await (const piece of request) token += piece;
    // The lease of a window that sleeps here is over before the server answers.
    if (!this.#over && this.random() < 0.01) await this.#stop(window);
    // A window that has ended gets nothing: that token would be lost.
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
    killSidecars(window);
    window.child.kill('SIGKILL');
  }

  #killSidecar(window) {
    this.figures.sidecarsKilled += 1;
    killSidecars(window);
  }

  /** Stops a window and its sidecar for longer than its lease. */
  async #stop(window) {
    if (window.stopped || !window.alive) return;
    this.figures.stops += 1;
    window.stopped = true;
    const both = [window.child.pid, ...sidecarsOf(window)];
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
      `${stopsWithTheToken} of them with the only token: ${run.loggedOut ? 'logged out' : 'no window logged out'}`,
  );
  return run;
}

const least = Number(process.env.RIG_SECONDS ?? 0) * 1000;
const window = { options: { leaseMs: LEASE, reads: 300 }, fault: '', killAfterStoring: 0.1 };

test('eight windows refresh a token that is taken once, and none is ever logged out', async () => {
  const enough = ({ refreshes }, time) => refreshes >= REFRESHES && time >= least;
  const { loggedOut, keptTheLast, figures } = await refreshing({ binary, window, enough });
  assert.ok(!loggedOut);
  assert.ok(keptTheLast, 'the store has the last token');
  assert.ok(figures.windowsKilled > 0 && figures.stops > 0);
});

/** Until they are logged out, or two minutes are over. */
const found = (_, time) => time > 120_000;

test('a write that is answered before it is stored logs them out', async () => {
  const faulty = process.env.PLUGIN_VAULT_FAULTS_BIN;
  assert.ok(faulty, 'PLUGIN_VAULT_FAULTS_BIN names the program that injects faults');
  const own = { options: { leaseMs: LEASE, reads: 20 }, fault: 'early-answer', killAfterStoring: 0.5 };
  assert.ok((await refreshing({ binary: faulty, window: own, enough: found })).loggedOut);
});

test('windows that take a refused token for the end of the login are logged out', async () => {
  assert.ok((await refreshing({ binary, window: { ...window, careless: true }, enough: found })).loggedOut);
});

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
  #tokens;
  #taken = new Set();
  #windows = [];
  #home = mkdtempSync(join(tmpdir(), 'vault-refresh-'));

  constructor(settings) {
    super();
    this.#settings = { windows: 4, during: () => {}, ...settings };
  }

  async start() {
    const open = openOptions(this.#home, binary);
    this.own = await openVault(open);
    this.#tokens = this.own.tokens({ name: 'oauth', refresh: assert.fail });
    await this.logIn();
    this.http = createServer((request, response) => this.#serve(request, response));
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
    const server = `http://127.0.0.1:${this.http.address().port}`;
    const { windows, calls } = this.#settings;
    for (let name = 0; name < windows; name++) {
      const child = openWindow({ ...window, killAfterStoring: 0, open, name, server, calls });
      const one = { child, ended: once(child, 'exit'), settle: null };
      this.#windows[name] = one;
      child.on('message', (message) => this.#receive(one, message));
    }
  }

  #receive(window, message) {
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
    await this.#tokens.set(this.#fresh());
  }

  logOut() {
    return this.#tokens.clear();
  }

  stored() {
    return this.own.getPersistentData('user', TOKENS);
  }

  /** Accepts each token once, also those of a login before the last. */
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
    for (const window of this.#windows) {
      killSidecars(window);
      window.child.kill('SIGKILL');
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
  ["with a clock that is ahead of the server's", () => Date.now() - 3_600_000],
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
