// Node's conventions: Promises and callbacks, signals, disposal, both kinds of modules.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { inspect } from 'node:util';

import * as esm from 'plugin-vault';
import { FakeStore } from 'plugin-vault/fake';

import { vaultTest } from './world.mjs';

const require = createRequire(import.meta.url);

test('require and import give the same names, and each recognises the errors of the other', () => {
  const cjs = require('plugin-vault');
  assert.deepEqual(Object.keys(esm).sort(), Object.keys(cjs).sort());
  for (const [one, other] of [[esm, cjs], [cjs, esm]]) {
    assert.notEqual(one.VaultError, other.VaultError, 'they are two copies');
    for (const error of [new one.VaultError('storeFull', 'full'), new one.LoginNeeded('missing')]) {
      assert.ok(other.isVaultError(error) && other.isVaultError(error, error.kind));
      assert.ok(!other.isVaultError(error, 'storeBusy'));
    }
    for (const foreign of [new Error('x'), { kind: 'storeFull' }, null, undefined, 'storeFull']) assert.ok(!other.isVaultError(foreign));
  }
});

vaultTest('every call also takes a callback, with and without options', async (world) => {
  const vault = await world.open();
  const called = (...call) => new Promise((resolve) => vault[call.shift()](...call, (...answer) => resolve(answer)));
  const [none, { revision }] = await called('setPersistentData', 'user', { n: 1 });
  assert.equal(none, null);
  assert.deepEqual(await called('getPersistentData', 'user', { name: 'other' }), [null, null]);
  assert.deepEqual(await called('getPersistentData', 'user'), [null, { n: 1 }]);
  const [error] = await called('setPersistentData', 'user', { n: 2 }, { ifRevision: 0 });
  assert.deepEqual([error.kind, error.data.revision], ['revisionConflict', revision]);
  assert.deepEqual(await called('withLease', 'refresh', () => 'done', { ttlMs: 1000 }), [null, 'done']);
  assert.deepEqual(await called('withLease', 'refresh', () => 'done'), [null, 'done']);
  const [, updated] = await called('update', 'user', (data) => ({ n: data.n + 1 }));
  assert.deepEqual(updated.data, { n: 2 });
  const [, watch] = await called('watchPersistentData', () => {}, {});
  await watch.close();
  assert.equal((await called('listAPIKeys'))[1].length, 1);
});

/** The output of a program. It runs in a process of its own because its exceptions would end the test. */
function output(code) {
  const head = `import { FakeStore } from ${JSON.stringify(import.meta.resolve('plugin-vault/fake'))};
    process.on('uncaughtException', ({ message }) => console.log(message));
    const store = new FakeStore();
    const open = () => store.openVault({ plugin: 'p', installation: 'i' });`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', head + code], { encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout;
}

test('an exception of a callback is not swallowed', () => {
  const printed = output(`(await open()).getPersistentData('user', () => { throw new Error('on purpose') })`);
  assert.equal(printed, 'on purpose\n');
});

test('a listener that throws does not stop the others', () => {
  const printed = output(`
    const [vault, other] = [await open(), await open()];
    await vault.watchPersistentData(() => { throw new Error('on purpose') });
    await vault.watchPersistentData(() => console.log('notice'));
    await other.setPersistentData('user', { n: 1 });`);
  assert.equal(printed, 'on purpose\nnotice\n');
});

vaultTest('a signal cancels a waiting call', async (world) => {
  const [vault, other] = await Promise.all([world.open(), world.open()]);
  await other.acquireLease('refresh', 60_000);
  const controller = new AbortController();
  const waiting = vault.acquireLease('refresh', 60_000, { waitMs: 60_000, signal: controller.signal });
  const reason = new Error('the user said no');
  await vault.getPersistentData('user');
  controller.abort(reason);
  await assert.rejects(waiting, { name: 'AbortError', kind: 'requestCancelled', cause: reason });
});

vaultTest('a call with an aborted signal is not sent; aborting after the answer changes nothing', async (world) => {
  const vault = await world.open();
  const aborted = vault.setPersistentData('user', { n: 1 }, { signal: AbortSignal.abort() });
  await assert.rejects(aborted, { kind: 'requestCancelled' });
  assert.equal(await vault.getPersistentData('user'), null);
  const controller = new AbortController();
  await vault.setPersistentData('user', { n: 2 }, { signal: controller.signal });
  controller.abort();
  assert.deepEqual(await vault.getPersistentData('user'), { n: 2 });
});

vaultTest('a value that JSON can’t express is refused, and the vault still works', async (world) => {
  const vault = await world.open();
  const circle = {};
  circle.circle = circle;
  await assert.rejects(vault.setPersistentData('user', circle), TypeError);
  await assert.rejects(vault.setPersistentData('user', { n: 1n }), TypeError);
  const why = ({ kind, data }) => assert.deepEqual([kind, data.reason], ['invalidParams', expected]) ?? true;
  let expected = 'missing';
  await assert.rejects(vault.setPersistentData('user', undefined), why);
  expected = 'unknown';
  await assert.rejects(vault.setPersistentData('user', {}, { ifRevison: 1 }), why);
  assert.equal(await vault.getPersistentData('user'), null);
});

test('a member that JSON would drop is an error with its path', async () => {
  const vault = await new FakeStore().openVault({ plugin: 'p', installation: 'i' });
  for (const [data, path] of [
    [{ a: undefined }, 'data.a is undefined'],
    [{ a: [{}, { b: undefined }] }, 'data.a[1].b is undefined'],
    [{ a: [undefined] }, 'data.a[0] is undefined'],
    [{ a: () => {} }, 'data.a is a function'],
    [{ a: Symbol('x') }, 'data.a is a symbol'],
  ]) {
    const message = `${path}, which JSON can't express. Leave it out, or use null.`;
    await assert.rejects(vault.setPersistentData('user', data), { name: 'TypeError', message });
    await assert.rejects(vault.update('user', () => data), { message });
    await assert.rejects(vault.patchPersistentData('user', data), { message: message.replace('data', 'patch') });
  }
  assert.equal(await vault.getPersistentData('user'), null);
  await vault.setPersistentData('user', { at: new Date(0), ifRevision: null }, { name: undefined });
  assert.deepEqual(await vault.getPersistentData('user'), { at: '1970-01-01T00:00:00.000Z', ifRevision: null });
});

vaultTest('each listener gets changes from its own since on', async (world) => {
  const [vault, other] = await Promise.all([world.open(), world.open()]);
  const revisions = [];
  for (let n = 1; n <= 3; n += 1) revisions.push((await other.setPersistentData('user', { n })).revision);
  const notices = { late: [], early: [] };
  const watch = (name, since) => vault.watchPersistentData(({ revision }) => notices[name].push(revision), { since });
  const late = await watch('late', revisions[1]);
  await watch('early', revisions[0]);
  const last = new Promise((resolve) => vault.watchPersistentData(resolve));
  await vault.getPersistentData('user');
  revisions.push((await other.setPersistentData('user', { n: 4 })).revision);
  await last;
  assert.deepEqual(notices, { late: revisions.slice(2), early: revisions.slice(1) });
  assert.equal(late.revision, revisions[3]);
});

vaultTest('no error and no object of the binding shows a key, a value or a name', async (world) => {
  const vault = await world.open();
  const { canaries } = world;
  const own = await world.open({ apiKey: canaries.key() });
  const shown = [inspect(vault, { depth: 9, showHidden: true }), inspect(own, { depth: 9 }), JSON.stringify(own)];
  const data = { [canaries.word()]: canaries.word() };
  const wrong = [
    vault.setPersistentData(canaries.word(), data),
    vault.setPersistentData('user', canaries.word()),
    vault.setPersistentData('user', data, { name: canaries.word(), ifRevision: 7 }),
    vault.setPersistentData('user', data, { [canaries.word()]: canaries.word() }),
    vault.setPersistentData('workspace', data, { workspaceFolder: canaries.word() }),
    vault.releaseLease(canaries.word(), 7),
    vault.rotateAPIKey({ apiKey: `${canaries.key()}0` }),
    world.open({ apiKey: `${canaries.key()}0` }),
    world.open({ apiKey: canaries.key(), mustExist: true }),
  ];
  for (const outcome of await Promise.allSettled(wrong)) {
    assert.equal(outcome.status, 'rejected');
    const { reason } = outcome;
    shown.push(inspect(reason, { depth: 9, showHidden: true }), JSON.stringify(reason), reason.stack);
  }
  canaries.search(Buffer.from(shown.join('\n')), 'what is shown');
});
