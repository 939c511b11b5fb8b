// Work under a lease, and a rotating token: eight windows, one token server, sidecars killed and stopped.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import { FakeStore } from 'plugin-vault/fake';

import { stop, vaultTest } from './world.mjs';

const TTL = { ttlMs: 60_000 };

vaultTest('one window at a time holds the lease, and releases it after the work, also if the work throws', async (world) => {
  const [one, two] = await Promise.all([world.open(), world.open()]);
  const inside = [];
  const work = (name) => async () => {
    inside.push(`${name} in`);
    await one.getPersistentData('user');
    inside.push(`${name} out`);
    return name;
  };
  const done = await Promise.all([one.withLease('x', work('one'), TTL), two.withLease('x', work('two'), TTL)]);
  assert.deepEqual(done, ['one', 'two']);
  assert.equal(inside[0].slice(0, 3), inside[1].slice(0, 3));
  const failing = () => {
    throw new Error('on purpose');
  };
  await assert.rejects(one.withLease('x', failing, TTL), /on purpose/);
  await two.withLease('x', () => {}, { ...TTL, waitMs: 0 });
});

vaultTest('the lease is renewed during the work', async (world) => {
  const [one, two] = await Promise.all([world.open(), world.open()]);
  await one.withLease(
    'x',
    async ({ token, signal }) => {
      // Longer than the lease, which would have expired by then.
      await assert.rejects(two.acquireLease('x', 1_000, { waitMs: 900 }), { kind: 'leaseHeld' });
      await one.setPersistentData('user', { n: 1 }, { lease: token });
      assert.equal(signal.aborted, false);
    },
    { ttlMs: 300 },
  );
});

vaultTest('the signal of the work is aborted when the lease is lost, and its writes are refused', async (world) => {
  const vault = await world.open();
  await vault.withLease(
    'x',
    async ({ token, signal }) => {
      const lost = new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));
      await world.kill(vault);
      assert.equal((await lost).kind, 'leaseLost');
      await assert.rejects(vault.setPersistentData('user', {}, { lease: token }), { kind: 'leaseLost' });
    },
    { ttlMs: 300 },
  );
});

vaultTest('the signal of the work is aborted with that of the caller', async (world) => {
  const vault = await world.open();
  const controller = new AbortController();
  const work = ({ signal }) => {
    controller.abort();
    return signal.aborted;
  };
  assert.equal(await vault.withLease('x', work, { ...TTL, signal: controller.signal }), true);
});

vaultTest('waiting for a lease that stays held ends with leaseHeld', async (world) => {
  const [one, two] = await Promise.all([world.open(), world.open()]);
  await one.withLease('x', () => assert.rejects(two.withLease('x', () => {}, { waitMs: 50 }), { kind: 'leaseHeld' }), TTL);
});

const OLD = { token: 'old' };
const NEW = { token: 'new' };

/** Runs `between` after the old token is spent and before the new one is stored. */
async function refresh(vault, between, options) {
  await vault.setPersistentData('user', OLD);
  return vault.withLease(
    'x',
    async ({ replace }) => {
      const seen = await vault.getPersistentRecord('user');
      await between(seen);
      return replace('user', seen, NEW, options);
    },
    TTL,
  );
}

vaultTest('replace stores the successor of a spent token', async (world) => {
  const vault = await world.open();
  assert.equal((await refresh(vault, () => {})).stored, true);
  assert.deepEqual(await vault.getPersistentData('user'), NEW);
});

vaultTest('after the lease was lost, replace stores the new token if the spent one is still stored', async (world) => {
  const vault = await world.open();
  assert.equal((await refresh(vault, () => world.kill(vault))).stored, true);
  assert.deepEqual(await vault.getPersistentData('user'), NEW);
});

vaultTest('after the lease was lost, replace drops the new token if another window has stored a newer one', async (world) => {
  const [vault, other] = await Promise.all([world.open(), world.open()]);
  const newer = { token: 'newer' };
  const replaced = await refresh(vault, async () => {
    await world.kill(vault);
    await other.setPersistentData('user', newer);
  });
  assert.equal(replaced.stored, false);
  assert.deepEqual(await vault.getPersistentRecord('user').then(({ data, revision }) => [data, revision]), [newer, replaced.revision]);
});

vaultTest('after the lease was lost, replace stores the new token if the stored one is another spent one', async (world) => {
  const [vault, other] = await Promise.all([world.open(), world.open()]);
  const isSpent = (data) => data?.token === OLD.token;
  const between = async () => {
    await world.kill(vault);
    await other.setPersistentData('user', { ...OLD, note: 'something else has changed' });
  };
  assert.equal((await refresh(vault, between, { isSpent })).stored, true);
  assert.deepEqual(await vault.getPersistentData('user'), NEW);
});

vaultTest('the new token is stored once if the sidecar ends during the write', async (world) => {
  const vault = await world.open();
  const replaced = await refresh(vault, async () => {
    const { pid } = await vault.sidecar.connection();
    stop(pid);
    setImmediate(() => setImmediate(() => process.kill(pid, 'SIGKILL')));
  });
  assert.equal(replaced.stored, true);
  assert.deepEqual(await vault.getPersistentData('user'), NEW);
});

vaultTest('replace retries while the disk is full or the store busy, and not after other errors', async () => {
  const store = new FakeStore();
  const vault = await store.openVault({ plugin: 'p', installation: 'i' });
  const replaced = await refresh(vault, () => ['storeFull', 'storeBusy'].forEach((kind) => store.failNext(kind)));
  assert.equal(replaced.stored, true);
  await vault.deletePersistentData('user');
  await assert.rejects(refresh(vault, () => store.failNext('dataTooLarge')), { kind: 'dataTooLarge' });
  const signal = AbortSignal.timeout(20);
  const full = () => Array.from({ length: 99 }, () => store.failNext('storeFull'));
  await assert.rejects(refresh(vault, full, { signal }));
});
