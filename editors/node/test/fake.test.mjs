// The fake's own functions: failures, a lock, a crash. The conformance suite tests the rest.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { VaultError } from 'plugin-vault';
import { FakeStore } from 'plugin-vault/fake';

const key = { plugin: 'me.mine', installation: 'test' };

test('failNext makes the next call fail, and not the one after it', async () => {
  const store = new FakeStore();
  const vault = await store.openVault(key);
  store.failNext('storeFull');
  const failed = vault.setPersistentData('user', { n: 1 });
  await assert.rejects(failed, { kind: 'storeFull', code: 5001, retryable: true });
  await assert.rejects(failed, VaultError);
  assert.equal(await vault.getPersistentData('user'), null);
  await vault.close();
});

test('calls to a locked store are refused until it is unlocked, and openVault succeeds', async () => {
  const store = new FakeStore();
  store.lock();
  const vault = await store.openVault(key);
  const statuses = [];
  vault.sidecar.onDidChangeStatus((status) => statuses.push(status.keyAvailable));
  await assert.rejects(vault.getPersistentData('user'), ({ kind, data }) => kind === 'keyUnavailable' && data.reason === 'locked');
  assert.equal((await vault.sidecar.status()).keyAvailable, false);
  assert.equal(await vault.sidecar.unlock({ passphrase: 'any' }), true);
  assert.equal(await vault.getPersistentData('user'), null);
  assert.deepEqual(statuses, [true]);
  assert.equal(vault.key.plugin, key.plugin);
});

test('a crash ends calls in flight, and stored data stays', async () => {
  const store = new FakeStore();
  const [vault, other] = [await store.openVault(key), await store.openVault(key)];
  await vault.setPersistentData('user', { n: 1 });
  await other.acquireLease('x', 60_000);
  const inFlight = assert.rejects(vault.acquireLease('x', 60_000, { waitMs: 60_000 }), { kind: 'outcomeUnknown' });
  assert.deepEqual(await vault.getPersistentData('user'), { n: 1 });
  await store.crash(vault);
  await inFlight;
  assert.deepEqual(await vault.getPersistentData('user'), { n: 1 });
});

test('every text that is opened counts as a folder, and no other folder is the only one beside it', async () => {
  const [store, one] = [new FakeStore(), 'file:///one'];
  const open = async (...workspaceFolders) => {
    const vault = await store.openVault({ ...key, workspaceFolders });
    return (folder) => vault.setPersistentData('workspace', { n: 1 }, folder && { workspaceFolder: folder });
  };
  for (const other of ['', 'no/uri', 'C:\\a', 'file:///a\nb', 'isfs://srv:USER/', 'file:///100%/p']) {
    await assert.rejects((await open(one, other))(), { kind: 'workspaceFolderRequired' });
  }
  await (await open(one, 'FILE:///one/', 'file:///%6fne'))();
  await (await open('isfs://srv:USER'))();
  const set = await open();
  for (const folder of ['isfs://srv:USER/', 'isfs://srv:user/', 'vscode-remote://ssh-remote+[::1]:22/p']) await set(folder);
  await assert.rejects(set('file:///a\nb'), { kind: 'workspaceFolderInvalid' });
  const vault = await store.openVault(key);
  const listed = await vault.listPersistentData({ context: 'workspace' });
  assert.deepEqual(
    listed.map(({ workspaceFolder }) => workspaceFolder).sort(),
    ['file:///one', 'isfs://srv:USER/', 'isfs://srv:user/', 'vscode-remote://ssh-remote+[::1]:22/p'],
  );
});

test('two stores have separate data', async () => {
  const [one, two] = await Promise.all([new FakeStore().openVault(key), new FakeStore().openVault(key)]);
  await one.setPersistentData('user', { n: 1 });
  assert.equal(await two.getPersistentData('user'), null);
});

test('arguments and results are copies', async () => {
  const vault = await new FakeStore().openVault(key);
  const data = { list: [1] };
  await vault.setPersistentData('user', data);
  data.list.push(2);
  const read = await vault.getPersistentData('user');
  assert.deepEqual(read, { list: [1] });
  read.list.push(3);
  assert.deepEqual(await vault.getPersistentData('user'), { list: [1] });
});
