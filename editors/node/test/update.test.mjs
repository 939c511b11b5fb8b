// `update`: no change is lost between windows.

import assert from 'node:assert/strict';

import { stop, vaultTest } from './world.mjs';

vaultTest('windows that count at the same time lose no count', async (world) => {
  const windows = await Promise.all(Array.from({ length: 4 }, () => world.open()));
  const count = async (vault) => {
    for (let n = 0; n < 25; n += 1) await vault.update('user', (data) => ({ n: (data?.n ?? 0) + 1 }));
  };
  await Promise.all(windows.map(count));
  assert.deepEqual(await windows[0].getPersistentData('user'), { n: 100 });
});

vaultTest('undefined leaves the record, null deletes it, and its expiry stays', async (world) => {
  const vault = await world.open();
  assert.deepEqual(await vault.update('user', () => null), { data: null, revision: 0 });
  assert.deepEqual(await vault.update('user', () => undefined), { data: null, revision: 0 });
  const expiresAt = '2101-02-03T04:05:06.000Z';
  const { revision } = await vault.setPersistentData('user', { n: 1 }, { name: 'x', expiresAt });
  const address = { name: 'x' };
  assert.deepEqual(await vault.update('user', (data) => void (data.n = 2), address), { data: { n: 1 }, revision });
  await vault.update('user', async (data) => ({ ...data, n: 3 }), address);
  const record = await vault.getPersistentRecord('user', address);
  assert.deepEqual([record.data, record.expiresAt], [{ n: 3 }, expiresAt]);
  assert.deepEqual(await vault.update('user', () => null, address), { data: null, revision: 0 });
  assert.equal(await vault.getPersistentData('user', address), null);
});

vaultTest('update rejects with the exception of the change, and stores nothing', async (world) => {
  const vault = await world.open();
  const failing = () => {
    throw new Error('on purpose');
  };
  await assert.rejects(vault.update('user', failing), /on purpose/);
  assert.equal(await vault.getPersistentData('user'), null);
});

vaultTest('an update is repeated after the sidecar ended if nothing was stored', async (world) => {
  const vault = await world.open();
  await vault.setPersistentData('user', { n: 1 });
  let calls = 0;
  const { pid } = await vault.sidecar.connection();
  const updated = vault.update('user', (data) => {
    calls += 1;
    if (calls === 1) {
      // From here on it does not read its input.
      stop(pid);
      setImmediate(() => setImmediate(() => process.kill(pid, 'SIGKILL')));
    }
    return { n: data.n + 1 };
  });
  assert.deepEqual((await updated).data, { n: 2 });
  assert.equal(calls, 2);
  assert.deepEqual(await vault.getPersistentData('user'), { n: 2 });
});
