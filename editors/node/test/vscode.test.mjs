// `plugin-vault/vscode` on the fake: secrets, state, tokens, moves, a locked store, a key in the editor's secrets; and its entry for the
// web. editors/vscode tests the same code in real editors.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

import { build } from 'esbuild';
import { FakeStore, FakeWindow } from 'plugin-vault/vscode-fake';

/** Waits for one event. */
const next = (event) => new Promise((resolve) => event(resolve));

test('secrets and state are shared by the windows of a store, with events', async () => {
  const store = new FakeStore();
  const [one, two] = [new FakeWindow({ store }), new FakeWindow({ store })];
  const [mine, other] = [await one.openVault(), await two.openVault()];
  assert.equal(mine.kept, 'vault');
  const changed = next(other.asSecretStorage().onDidChange);
  await other.vault.listPersistentData();
  await mine.asSecretStorage().store('token', 'abc');
  assert.deepEqual(await changed, { key: 'token' });
  assert.equal(await other.asSecretStorage().get('token'), 'abc');
  const state = await mine.asMemento('user');
  await state.update('n', null);
  assert.equal((await other.asMemento('user')).get('n', 1), null);
  assert.deepEqual(state.keys(), ['n']);
});

test('in a window all callers get the same vault, and a closed one is opened again', async () => {
  const window = new FakeWindow();
  const context = window.context();
  const first = await window.openVault(context);
  assert.equal((await window.openVault(context)).asSecretStorage(), first.asSecretStorage());
  await first.asSecretStorage().store('token', 'abc');
  await first.close();
  await assert.rejects(first.asSecretStorage().get('token'), { kind: 'closed' });
  assert.equal(await (await window.openVault(context)).asSecretStorage().get('token'), 'abc');
  const another = await window.openVault(window.context('me.other'));
  assert.equal(await another.asSecretStorage().get('token'), undefined);
});

test('secrets and state move out of the editor’s storage, and in a remote window they are copied', async () => {
  for (const place of ['own', 'remote']) {
    const isRemote = place === 'remote';
    const window = new FakeWindow({ place });
    const context = window.context();
    const vault = await window.openVault(context);
    const [moved, copied] = isRemote ? [[], ['old']] : [['old'], []];
    await context.secrets.store('old', 'secret');
    await context.secrets.store('other', 'theirs');
    await vault.asSecretStorage().store('other', 'ours');
    assert.deepEqual(await vault.moveSecrets(), { moved, copied, differing: ['other'] });
    assert.equal(await context.secrets.get('old'), isRemote ? 'secret' : undefined);
    assert.equal(await context.secrets.get('other'), 'theirs');
    assert.equal(await vault.asSecretStorage().get('old'), 'secret');

    const state = await vault.asMemento('user');
    await context.globalState.update('old', { a: [1, undefined], b: undefined });
    await context.globalState.update('other', 'theirs');
    await state.update('other', 'ours');
    assert.deepEqual(await vault.moveState('user'), { moved, copied, differing: ['other'] });
    assert.equal(context.globalState.get('old') === undefined, !isRemote);
    // The loaded state has what was moved.
    assert.deepEqual(state.get('old'), { a: [1, null] });
    assert.equal(state.get('other'), 'ours');
    await context.workspaceState.update('here', 1);
    assert.deepEqual((await vault.moveState('workspace', ['here', 'never'])).differing, []);
    assert.equal((await vault.asMemento('workspace')).get('here'), 1);
  }
});

test('nothing moves into a store that ends with its container', async () => {
  const window = new FakeWindow({ place: 'container' });
  const context = window.context();
  const vault = await window.openVault(context);
  await context.secrets.store('token', 'abc');
  await context.globalState.update('n', 1);
  await assert.rejects(vault.moveSecrets(), { kind: 'notDurable' });
  await assert.rejects(vault.moveState('user'), { kind: 'notDurable' });
  assert.equal(await context.secrets.get('token'), 'abc');
  assert.equal(context.globalState.get('n'), 1);
  assert.equal((await vault.asMemento('user')).get('n'), undefined);
});

test('a locked store can be opened; reads report it, and an event says when it is unlocked', async () => {
  const window = new FakeWindow();
  const other = await new FakeWindow({ store: window.store }).openVault();
  await other.asSecretStorage().store('token', 'abc');
  window.store.lock();
  const vault = await window.openVault();
  const secrets = vault.asSecretStorage();
  const changed = next(secrets.onDidChange);
  for (const read of [() => secrets.get('token'), () => secrets.keys(), () => vault.asMemento('user')]) {
    await assert.rejects(read(), { kind: 'keyUnavailable' });
  }
  const unlocked = next(vault.onDidUnlock);
  await other.vault.sidecar.unlock({ passphrase: 'any' });
  await unlocked;
  assert.equal(await secrets.get('token'), 'abc');
  assert.deepEqual((await vault.asMemento('user')).keys(), []);
  // The watch began when the store was unlocked.
  await vault.vault.listPersistentData();
  await other.asSecretStorage().store('late', 'x');
  assert.deepEqual(await changed, { key: 'late' });
});

test('reads wait until the store is unlocked, if the caller wants that', async () => {
  const window = new FakeWindow();
  window.store.lock();
  const vault = await window.openVault(undefined, { whenLocked: 'wait' });
  const reads = Promise.all([vault.asSecretStorage().get('token'), vault.asSecretStorage().keys(), vault.asMemento('user')]);
  await assert.rejects(vault.asSecretStorage().store('token', 'abc'), { kind: 'keyUnavailable' });
  await vault.vault.sidecar.unlock({ passphrase: 'any' });
  const [token, keys] = await reads;
  assert.deepEqual([token, keys], [undefined, []]);
});

test('a key in the editor’s secrets belongs to one store, is issued once, and is not kept by plugin-vault', async () => {
  const store = new FakeStore();
  const context = new FakeWindow().context();
  const open = (options) => new FakeWindow({ store }).openVault(context, options);
  const keyIn = 'context.secrets';
  const vaults = await Promise.all([open({ keyIn }), open({ keyIn })]);
  assert.equal((await context.secrets.keys()).length, 1);
  await vaults[0].asSecretStorage().store('token', 'abc');
  assert.equal(await vaults[1].asSecretStorage().get('token'), 'abc');
  assert.equal(vaults[0].vault.key.installation, undefined);
  // A caller that names the extension gets another namespace.
  assert.equal(await (await open()).asSecretStorage().get('token'), undefined);
  // A locked store is opened too.
  store.lock();
  const locked = await open({ keyIn });
  await assert.rejects(locked.asSecretStorage().get('token'), { kind: 'keyUnavailable' });
  await locked.vault.sidecar.unlock({ passphrase: 'any' });
  assert.equal(await locked.asSecretStorage().get('token'), 'abc');
  // Another machine has another store, and the editor's secrets are those of all machines.
  await new FakeWindow().openVault(context, { keyIn });
  assert.equal((await context.secrets.keys()).length, 2);
  // After the user has revoked the key, another one is issued.
  await locked.vault.revokeAPIKey();
  assert.equal(await (await open({ keyIn })).asSecretStorage().get('token'), undefined);
});

test('the open folders are followed', async () => {
  const window = new FakeWindow({ workspaceFolders: ['file:///one'] });
  const { vault } = await window.openVault();
  await vault.setPersistentData('workspace', { n: 1 });
  window.setWorkspaceFolders(['file:///two']);
  await new Promise(setImmediate);
  assert.equal(await vault.getPersistentData('workspace'), null);
});

test('in the web the same interface is on the editor’s storage, if the caller asks for it', async () => {
  const entryPoints = [join(import.meta.dirname, '..', 'src', 'vscode-web.ts')];
  const { outputFiles } = await build({ entryPoints, bundle: true, platform: 'browser', format: 'esm', write: false });
  const web = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
  const context = new FakeWindow().context();
  await assert.rejects(web.openVault(context), (error) => web.isVaultError(error, 'notInTheWeb'));
  for (const canList of [true, false]) {
    if (!canList) delete context.secrets.keys;
    const vault = await web.openVault(context, { fallback: 'editor' });
    assert.deepEqual(Object.keys(vault).sort(), Object.keys(await new FakeWindow().openVault()).sort());
    assert.equal(vault.kept, 'editor');
    assert.throws(() => vault.vault, { kind: 'notInTheWeb' });
    const secrets = vault.asSecretStorage();
    const changed = next(secrets.onDidChange);
    await secrets.store('token', 'abc');
    assert.deepEqual(await changed, { key: 'token' });
    const state = await vault.asMemento('user');
    await state.update('n', 1);
    const tokens = vault.tokens({ name: 'oauth', refresh: () => null });
    await tokens.set({ accessToken: 'a', expiresAt: Date.now() + 60_000 });
    assert.deepEqual([await secrets.keys(), state.keys(), await secrets.get('token')], [['token'], ['n'], 'abc']);
    await secrets.delete('token');
    assert.deepEqual(await secrets.keys(), []);
    assert.deepEqual(await vault.moveSecrets(), { moved: [], copied: [], differing: [] });
    assert.deepEqual(await vault.moveState('user'), { moved: [], copied: [], differing: [] });
    vault.onDidUnlock(() => {}).dispose();
    await vault.close();
  }
});

test('in the web the callers of a window share a refresh, and a logout during it is not undone', async () => {
  const entryPoints = [join(import.meta.dirname, '..', 'src', 'vscode-web.ts')];
  const { outputFiles } = await build({ entryPoints, bundle: true, platform: 'browser', format: 'esm', write: false });
  const web = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
  const vault = await web.openVault(new FakeWindow().context(), { fallback: 'editor' });
  const asked = new EventTarget();
  let answer;
  let refreshes = 0;
  const refresh = ({ refreshToken }) => {
    refreshes += 1;
    asked.dispatchEvent(new Event('asked'));
    return new Promise((resolve) => (answer = (tokens) => resolve(tokens && { refreshToken, ...tokens })));
  };
  const tokens = vault.tokens({ name: 'oauth', refresh });
  await assert.rejects(tokens.get(), web.LoginNeeded);
  await tokens.set({ accessToken: 'old', refreshToken: 'r' });
  let started = once(asked, 'asked');
  const calls = [tokens.get(), tokens.get(), tokens.get()];
  await started;
  answer({ accessToken: 'new', expiresAt: Date.now() + 60_000 });
  assert.deepEqual((await Promise.all(calls)).map(({ accessToken }) => accessToken), ['new', 'new', 'new']);
  assert.equal((await tokens.get()).accessToken, 'new');
  assert.equal(refreshes, 1);

  started = once(asked, 'asked');
  const late = assert.rejects(tokens.get({ rejected: await tokens.get() }), ({ data }) => data.reason === 'missing');
  await started;
  await tokens.clear();
  answer({ accessToken: 'too late' });
  await late;
  await assert.rejects(tokens.get(), ({ data }) => data.reason === 'missing');

  await tokens.set({ accessToken: 'old', refreshToken: 'spent' });
  started = once(asked, 'asked');
  const refused = assert.rejects(tokens.get(), ({ data }) => data.reason === 'refused');
  await started;
  answer(null);
  await refused;
  await assert.rejects(tokens.get(), ({ data }) => data.reason === 'refused');
  assert.equal(refreshes, 3, 'refused tokens are not presented again');
  await assert.rejects(tokens.get({ signal: AbortSignal.abort() }), { kind: 'requestCancelled' });
});
