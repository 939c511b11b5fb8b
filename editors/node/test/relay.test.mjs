// A store at the other end of `plugin-vault relay`: the key, the end of a connection, watches.

import assert from 'node:assert/strict';

import { openVault } from 'plugin-vault';

import { relay } from './relay.mjs';
import { stop, vaultTest } from './world.mjs';

vaultTest('a client of a relay has the data of the plugin on the user’s own machine', async (world) => {
  const local = await world.open();
  await local.setPersistentData('user', { n: 1 });
  const running = await relay(world);
  const remote = await world.connect(running);
  assert.deepEqual(await remote.getPersistentData('user'), { n: 1 });
  await remote.setPersistentData('user', { n: 2 });
  assert.deepEqual(await local.getPersistentData('user'), { n: 2 });
  assert.deepEqual([remote.key.plugin, remote.key.owner], [world.plugin, false]);
  const status = await remote.sidecar.status();
  assert.deepEqual([status.relay, status.dataDir], [true, world.options.dataDir]);
  await assert.rejects(remote.rotateAPIKey(), (error) => error.kind === 'notPermitted' && error.data.reason === 'relay');
  await remote.close();
  await running.end();
});

vaultTest('the variable names the socket as well', async (world) => {
  const running = await relay(world);
  process.env.PLUGIN_VAULT_CONNECT = running.socket;
  try {
    const remote = await openVault({ plugin: world.plugin, installation: 'remote' });
    await remote.setPersistentData('user', {});
    await remote.close();
  } finally {
    delete process.env.PLUGIN_VAULT_CONNECT;
  }
  await running.end();
});

vaultTest('another plugin, or a key of its own, is refused', async (world) => {
  const running = await relay(world);
  const options = { connect: running.socket };
  await assert.rejects(openVault({ ...options, plugin: 'another', installation: 'x' }), { kind: 'notPermitted' });
  await assert.rejects(openVault({ ...options, apiKey: world.canaries.key() }), { kind: 'notPermitted' });
  await running.end();
});

vaultTest('when the relay is gone, a write ends as outcomeUnknown, and a watch goes on with the next relay', async (world) => {
  const local = await world.open();
  await local.setPersistentData('user', { n: 1 });
  let running = await relay(world);
  const remote = await world.connect(running);
  const seen = [];
  let saw = () => {};
  await remote.watchPersistentData((change) => {
    seen.push(change);
    saw();
  });
  const { pid } = await remote.sidecar.connection();
  // The carrier stands still, so that nothing can answer.
  stop(pid);
  const write = assert.rejects(remote.setPersistentData('user', { n: 2 }), { kind: 'outcomeUnknown' });
  // It waits for its sidecars.
  await running.end();
  process.kill(pid, 'SIGCONT');
  await write;
  // Changed while nothing was connected.
  await local.setPersistentData('user', { n: 3 });
  const told = new Promise((resolve) => (saw = resolve));
  running = await relay(world);
  await told;
  assert.deepEqual(await remote.getPersistentData('user'), { n: 3 });
  await remote.close();
  await running.end();
  world.log.length = 0;
});
