// Records, over the real binary.

import assert from 'node:assert/strict';

import { vaultTest } from './world.mjs';

vaultTest('what is stored comes back, in another window too', async (world) => {
  const data = { token: world.canaries.word(), nested: { none: null, list: [1, 2] } };
  const first = await world.open();
  const { revision } = await first.setPersistentData('user', data);
  assert.deepEqual(await first.getPersistentData('user'), data);
  const second = await world.open();
  const record = await second.getPersistentRecord('user');
  assert.deepEqual(record.data, data);
  assert.equal(record.revision, revision);
});
