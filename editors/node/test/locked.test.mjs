// A store behind a passphrase: the extension starts while it is locked, and works once it is unlocked.

import assert from 'node:assert/strict';

import { vaultTest } from './world.mjs';

vaultTest('with a locked store openVault returns a vault, and calls are refused until it is unlocked', async (world) => {
  const first = await world.open();
  const { canaries } = world;
  const data = { n: canaries.word() };
  await first.setPersistentData('user', data);
  await first.close();
  const passphrase = canaries.word();
  await world.guard(passphrase);

  const vault = await world.open();
  const locked = ({ kind, retryable, data: { reason } }) => kind === 'keyUnavailable' && retryable && reason === 'locked';
  await assert.rejects(vault.getPersistentData('user'), locked);
  await assert.rejects(vault.withLease('x', () => {}), locked);
  assert.deepEqual(vault.key, {});
  assert.equal((await vault.sidecar.status()).keyAvailable, false);
  // A listener for the status does not keep Node running.
  const changed = new Promise((resolve) => vault.sidecar.onDidChangeStatus(resolve));
  const waiting = setTimeout(() => {}, 60_000);
  await assert.rejects(vault.sidecar.unlock({ passphrase: canaries.word() }), ({ data: { reason } }) => reason === 'wrong');
  assert.equal(await vault.sidecar.unlock({ passphrase }), true);
  assert.equal((await changed).keyAvailable, true);
  clearTimeout(waiting);
  assert.deepEqual(await vault.getPersistentData('user'), data);
  assert.equal(vault.key.plugin, world.plugin);
});

vaultTest('a window that locks the store locks it for the others, and one that unlocks it is heard', async (world) => {
  const passphrase = world.canaries.word();
  const [one, other] = [await world.open(), await world.open()];
  const data = { n: world.canaries.word() };
  await one.setPersistentData('user', data);
  assert.equal(await one.sidecar.lock(), false, 'a key file alone');
  await world.guard(passphrase);
  assert.deepEqual(await other.getPersistentData('user'), data);
  const when = (vault, expected) =>
    new Promise((resolve) => {
      const remove = vault.sidecar.onDidChangeStatus((status) => {
        if (status.locked !== expected) return;
        remove();
        resolve(status);
      });
    });
  // A listener for the status does not keep Node running.
  const waiting = setTimeout(() => {}, 60_000);
  const heard = when(other, true);
  assert.equal(await one.sidecar.lock(), true);
  assert.equal((await heard).keyAvailable, false);
  const locked = ({ kind, data: { reason } }) => kind === 'keyUnavailable' && reason === 'locked';
  for (const vault of [one, other]) await assert.rejects(vault.getPersistentData('user'), locked);
  const unlocked = when(one, false);
  assert.equal(await other.sidecar.unlock({ passphrase }), true);
  await unlocked;
  clearTimeout(waiting);
  assert.deepEqual(await other.getPersistentData('user'), data);
});
