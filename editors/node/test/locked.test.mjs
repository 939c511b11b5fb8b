// A store behind a passphrase: the extension starts while it is locked, and works once it is unlocked.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

import { binary, vaultTest } from './world.mjs';

vaultTest('with a locked store openVault returns a vault, and calls are refused until it is unlocked', async (world) => {
  const first = await world.open();
  const { canaries } = world;
  const data = { n: canaries.word() };
  await first.setPersistentData('user', data);
  await first.close();
  const passphrase = canaries.word();
  const { dataDir, keyDir } = world.options;
  const protector = (...args) => {
    const options = ['--data-dir', dataDir, '--key-dir', keyDir];
    const { status, stderr } = spawnSync(binary, ['protector', ...args, ...options], { input: `${passphrase}\n`, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  protector('add', 'passphrase', '--new-passphrase-fd', '0');
  protector('remove', 'key-file', '--passphrase-fd', '0');

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
