// Plugins whose data is at the other end of `plugin-vault relay`.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { relay } from '../../node/test/relay.mjs';
import { holder, World } from './host.mjs';

/** A world with a store, whose plugin has a relay. */
function relayTest(name, steps) {
  test(name, { timeout: 60_000 }, async () => {
    const world = new World();
    const local = await world.open();
    await local.setPersistentData('user', { n: 1 });
    const running = await relay(world, world.plugin);
    try {
      await steps(world, local, running);
      // The world is closed when no other process is left on it.
      await local.close();
      await running.end();
      await world.close();
    } finally {
      await running.end();
      await world.abandon();
      world.remove();
    }
  });
}

// As in a container, which knows no store: a folder would come before the variable. The log has the end of the relay.
const noStore = { dataDir: undefined, keyDir: undefined, log: undefined };

const set = (api, ...args) =>
  new Promise((resolve, reject) => api.setPersistentData(...args, (error) => (error ? reject(error) : resolve())));
const get = (api, ...args) =>
  new Promise((resolve, reject) => api.getPersistentData(...args, (error, data) => (error ? reject(error) : resolve(data))));

relayTest('each plugin has a relay of its own', async (world, local, { socket }) => {
  const connect = socket.replace(world.plugin, '${plugin}');
  const started = await world.start([holder(world.plugin), holder('other')], { ...noStore, connect });
  const { [world.plugin]: mine, other } = started.app.services;
  assert.deepEqual(await get(mine.api, 'user'), { n: 1 });
  await set(mine.api, 'user', { n: 2 });
  assert.deepEqual(await local.getPersistentData('user'), { n: 2 });
  // There is no relay for it.
  await assert.rejects(get(other.api, 'user'), { kind: 'vaultEnded' });
});

relayTest('another plugin, a key of its own, and an object of its own are refused', async (world, _, { socket }) => {
  const key = world.canaries.key();
  const forged = { plugin: world.plugin, installation: 'cloud9' };
  const others = [holder('other'), holder('own', { apikey: key }), holder('forged', { apikey: forged })];
  const { app } = await world.start([holder(world.plugin), ...others], { ...noStore, connect: socket });
  assert.deepEqual(await get(app.services[world.plugin].api, 'user'), { n: 1 });
  for (const name of ['other', 'own', 'forged']) {
    await assert.rejects(get(app.services[name].api, 'user'), { kind: 'notPermitted' });
  }
});

relayTest('the variable names the socket as well, and the next relay goes on', async (world, local, first) => {
  process.env.PLUGIN_VAULT_CONNECT = first.socket;
  let next;
  try {
    const { app } = await world.start([holder(world.plugin)], noStore);
    const { api } = app.services[world.plugin];
    await set(api, 'user', { n: 2 });
    await first.end();
    next = await relay(world, world.plugin);
    await set(api, 'user', { n: 3 });
    assert.deepEqual(await local.getPersistentData('user'), { n: 3 });
  } finally {
    delete process.env.PLUGIN_VAULT_CONNECT;
    await next?.end();
  }
});
