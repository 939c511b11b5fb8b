// `vault.tokens` beyond the conformance cases: the README's code against a server, closing during a refresh, errors, signals.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { isVaultError, LoginNeeded } from 'plugin-vault';
import { FakeStore } from 'plugin-vault/fake';

import { vaultTest } from './world.mjs';

const OLD = { accessToken: 'a1', refreshToken: 'r1', expiresAt: 1 };
const NEW = { accessToken: 'a2', refreshToken: 'r2', expiresAt: 32503680000000 };
const key = { plugin: 'p', installation: 'i' };

/** A promise, and the function that resolves it. */
function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}

async function loggedIn(world, refresh, options = {}) {
  const vault = await world.open();
  const tokens = vault.tokens({ name: 'oauth', refresh, ...options });
  await tokens.set(OLD);
  return { vault, tokens };
}

for (const close of ['vault', 'sidecar']) {
  vaultTest(`closing a ${close} waits for a running refresh, whose tokens are stored`, async (world) => {
    const [asked, answer] = [deferred(), deferred()];
    const refresh = () => {
      asked.resolve();
      return answer.promise;
    };
    const { vault, tokens } = await loggedIn(world, refresh);
    const got = tokens.get();
    await asked.promise;
    const closed = close === 'vault' ? vault.close() : vault.sidecar.close();
    answer.resolve(NEW);
    assert.deepEqual(await got, NEW);
    await closed;
    await assert.rejects(tokens.get(), { kind: 'closed' });
    assert.deepEqual(await (await world.open()).getPersistentData('user', { name: 'oauth' }), NEW);
  });
}

test('closing a vault does not wait for ever for a refresh', async () => {
  const vault = await new FakeStore().openVault(key);
  const asked = deferred();
  const refresh = () => {
    asked.resolve();
    return new Promise(() => {});
  };
  // The renewal of the lease finds out that the vault is closed. Until then it keeps Node running.
  const tokens = vault.tokens({ name: 'oauth', refresh, leaseMs: 300 });
  await tokens.set(OLD);
  void tokens.get();
  await asked.promise;
  const start = performance.now();
  await vault.close();
  const took = performance.now() - start;
  assert.ok(took > 1_900 && took < 10_000, `${took} ms`);
});

vaultTest('new tokens are kept in memory while the disk is full, the store busy or the program missing', async (world) => {
  const { vault, tokens } = await loggedIn(world, () => NEW);
  const set = vault.setPersistentData;
  const failures = [
    { kind: 'storeFull', code: 5001, retryable: true },
    { kind: 'storeFailed', code: 5006 },
    { kind: 'binaryNotFound' },
    { kind: 'vaultEnded' },
  ];
  // The binding's own errors are made by an error of another copy, which `isVaultError` knows too.
  vault.setPersistentData = async (...args) => {
    const failure = failures.shift();
    if (!failure) return set(...args);
    throw Object.defineProperty(Object.assign(new Error('on purpose'), failure), Symbol.for('plugin-vault.error'), { value: true });
  };
  assert.deepEqual(await tokens.get(), NEW);
  assert.deepEqual(await vault.getPersistentData('user', { name: 'oauth' }), NEW);
});

test('members that are undefined do not lose a login or the new tokens', async () => {
  const vault = await new FakeStore().openVault(key);
  const tokens = vault.tokens({ name: 'oauth', refresh: () => ({ ...NEW, expiresAt: undefined, scope: undefined }) });
  await tokens.set(OLD);
  const { expiresAt, ...stored } = NEW;
  await tokens.set({ ...OLD, expiresAt: undefined });
  assert.deepEqual(await vault.getPersistentData('user', { name: 'oauth' }), { accessToken: 'a1', refreshToken: 'r1' });
  assert.deepEqual(await tokens.get(), stored);
  assert.deepEqual(await vault.getPersistentData('user', { name: 'oauth' }), stored);
});

test('a refresh that returns no tokens by mistake is an error, and not a refusal', async () => {
  const vault = await new FakeStore().openVault(key);
  for (const result of [undefined, 'a2', [NEW]]) {
    const tokens = vault.tokens({ name: 'oauth', refresh: () => result });
    await tokens.set(OLD);
    await assert.rejects(tokens.get(), TypeError);
    assert.deepEqual(await vault.getPersistentData('user', { name: 'oauth' }), OLD);
  }
});

test('LoginNeeded is a VaultError with a reason', async () => {
  const vault = await new FakeStore().openVault(key);
  const error = await vault.tokens({ name: 'oauth', refresh: assert.fail }).get().catch((reason) => reason);
  assert.ok(error instanceof LoginNeeded && isVaultError(error, 'loginNeeded'));
  assert.deepEqual([error.data.reason, error.message], ['missing', 'No login is stored. Ask the user to log in.']);
});

test('a signal ends the waiting of one caller, and the refresh goes on', async () => {
  const vault = await new FakeStore().openVault(key);
  const answer = deferred();
  const tokens = vault.tokens({ name: 'oauth', refresh: () => answer.promise });
  await tokens.set(OLD);
  const controller = new AbortController();
  const [stopped, other] = [tokens.get({ signal: controller.signal }), tokens.get()];
  controller.abort();
  await assert.rejects(stopped, { kind: 'requestCancelled', name: 'AbortError' });
  await assert.rejects(tokens.get({ signal: controller.signal }), { kind: 'requestCancelled' });
  answer.resolve(NEW);
  assert.deepEqual(await other, NEW);
});

/** A server that accepts each refresh token once, and the last access token. */
async function authorizationServer() {
  const state = { number: 1, refreshes: 0 };
  const server = createServer(async (request, response) => {
    const answer = (status, body) => response.writeHead(status).end(JSON.stringify(body));
    if (request.url !== '/token') {
      const isValid = request.headers.authorization === `Bearer a${state.number}`;
      return answer(isValid ? 200 : 401, {});
    }
    let body = '';
    for await (const piece of request) body += piece;
    if (new URLSearchParams(body).get('refresh_token') !== `r${state.number}`) return answer(400, { error: 'invalid_grant' });
    state.refreshes += 1;
    state.number += 1;
    answer(200, { access_token: `a${state.number}`, refresh_token: `r${state.number}`, expires_in: 3600 });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { state, url: `http://127.0.0.1:${server.address().port}`, close };
}

test("the README's code signs in, refreshes once, and refreshes tokens that the service rejects", async () => {
  const server = await authorizationServer();
  const top = mkdtempSync(join(tmpdir(), 'vault-tokens-'));
  const [PLUGIN_VAULT_DATA_DIR, PLUGIN_VAULT_KEY_DIR] = [join(top, 'data'), join(top, 'keys')];
  Object.assign(process.env, { EXAMPLE_SERVER: server.url, PLUGIN_VAULT_DATA_DIR, PLUGIN_VAULT_KEY_DIR });
  try {
    const { call, login, logout } = await import('./refresh.mjs');
    const signIn = () => login({ access_token: 'a1', refresh_token: 'r1', expires_in: 0 });
    await login({ access_token: 'a1', refresh_token: 'r1' }); // from a server that sends no `expires_in`
    await logout();
    const calls = await Promise.all([call('/data', signIn), call('/data', signIn), call('/data', signIn)]);
    assert.deepEqual([...calls.map(({ status }) => status), server.state.refreshes], [200, 200, 200, 1]);
    // Another client has refreshed, so the service no longer accepts the access token.
    await login({ access_token: 'a0', refresh_token: 'r2', expires_in: 3600 });
    assert.equal((await call('/data', assert.fail)).status, 200);
    assert.equal(server.state.refreshes, 2);
    await logout();
    await assert.rejects(call('/data', () => Promise.reject(new Error('the user said no'))), /the user said no/);
  } finally {
    server.close();
    rmSync(top, { recursive: true });
    for (const name of ['EXAMPLE_SERVER', 'PLUGIN_VAULT_DATA_DIR', 'PLUGIN_VAULT_KEY_DIR']) delete process.env[name];
  }
});
