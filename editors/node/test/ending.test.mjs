// How sidecars end: by `close`, unexpectedly, or with their editor.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openVault } from 'plugin-vault';

import { processesWith, stop, vaultTest } from './world.mjs';

const pidOf = async (vault) => (await vault.sidecar.connection()).pid;

vaultTest('a write in flight when the sidecar is killed ends as outcomeUnknown; a read is repeated', async (world) => {
  const vault = await world.open();
  await vault.setPersistentData('user', { n: 1 });
  stop(await pidOf(vault));
  const asked = [
    vault.setPersistentData('user', { n: 2 }),
    vault.deletePersistentData('user', { name: 'x' }),
    vault.acquireLease('refresh', 1000),
  ].map((each) => assert.rejects(each, { kind: 'outcomeUnknown', code: undefined, retryable: false }));
  const read = vault.getPersistentData('user');
  await world.kill(vault);
  await Promise.all(asked);
  assert.deepEqual(await read, { n: 1 });
  assert.deepEqual(await vault.getPersistentData('user'), { n: 1 });
  assert.equal(world.processes().length, 1);
});

vaultTest('a sidecar that keeps ending is not started again for a while', async (world) => {
  const vault = await world.open();
  for (let ends = 0; ends < 5; ends += 1) await world.kill(vault);
  await assert.rejects(vault.getPersistentData('user'), { kind: 'vaultEnded', retryable: true });
});

vaultTest('close shuts the sidecar down once, and earlier calls are answered', async (world) => {
  const vault = await world.open();
  const written = vault.setPersistentData('user', { n: 1 });
  await Promise.all([vault.close(), vault.close(), vault[Symbol.asyncDispose]()]);
  assert.ok((await written).revision > 0);
  await assert.rejects(vault.getPersistentData('user'), { kind: 'closed' });
  assert.deepEqual(world.processes(), []);
});

vaultTest('a sidecar that no longer reads its input is killed after two seconds', async (world) => {
  const vault = await world.open();
  stop(await pidOf(vault));
  const asked = [
    assert.rejects(vault.setPersistentData('user', {}), { kind: 'outcomeUnknown' }),
    assert.rejects(vault.getPersistentData('user'), { kind: 'closed' }),
  ];
  const start = performance.now();
  await vault.close();
  await Promise.all(asked);
  const took = performance.now() - start;
  assert.ok(took >= 1_900, `${took} ms`);
});

vaultTest('one process serves many keys, and stays when one of them is closed', async (world) => {
  const sidecar = await world.openSidecar();
  const [one, two] = await Promise.all(
    ['one', 'two'].map((plugin) => sidecar.openVault({ plugin: world.plugin + plugin, installation: 'test' })),
  );
  await one.setPersistentData('user', { n: 1 });
  assert.equal(await two.getPersistentData('user'), null);
  await world.kill(one);
  assert.deepEqual(await one.getPersistentData('user'), { n: 1 });
  assert.equal(await two.getPersistentData('user'), null);
  await one.close();
  assert.equal(await two.getPersistentData('user'), null);
  assert.equal(world.processes().length, 1);
});

vaultTest('two vaults of one key share a process, and closing one does not end the other’s watch', async (world) => {
  const sidecar = await world.openSidecar();
  const key = { apiKey: world.canaries.key() };
  const [one, two] = await Promise.all([sidecar.openVault(key), sidecar.openVault(key)]);
  const notices = [];
  await one.watchPersistentData(() => notices.push('one'));
  const second = new Promise((resolve) => two.watchPersistentData(resolve));
  await two.getPersistentData('user');
  await one.close();
  const other = await world.open(key);
  const { revision } = await other.setPersistentData('user', { n: 1 });
  assert.equal((await second).revision, revision);
  assert.deepEqual(notices, []);
});

// Programs that open a vault, each with another way to end.
const endings = {
  'ends after close': 'await vault.close();',
  'calls process.exit': 'process.exit(0);',
  'throws': 'throw new Error("on purpose");',
  'is killed': 'process.kill(process.pid, "SIGKILL");',
  'is interrupted': 'process.kill(process.pid, "SIGINT");',
};
for (const [how, statement] of Object.entries(endings)) {
  vaultTest(`no process is left after a program that ${how}`, async (world) => {
    const program = join(world.top, 'program.mjs');
    const { dataDir, keyDir } = world.options;
    const options = { dataDir, keyDir, plugin: world.plugin, installation: 'test' };
    const module = import.meta.resolve('plugin-vault');
    writeFileSync(
      program,
      `import { openVault } from ${JSON.stringify(module)};
       const vault = await openVault(${JSON.stringify(options)});
       await vault.setPersistentData('user', { n: 1 });
       await vault.watchPersistentData(() => {});
       ${statement}`,
    );
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.resume();
    await once(child, 'exit');
    // The sidecar ends by itself.
    while (processesWith(dataDir).length > 0) await new Promise((resolve) => setImmediate(resolve));
    const vault = await world.open();
    assert.deepEqual(await vault.getPersistentData('user'), { n: 1 });
    world.log = [];
    writeFileSync(program, '');
  });
}

/** What a program prints that has not closed its vault. It is ended if it still runs after a while. */
async function printed(world, statements) {
  const program = join(world.top, 'program.mjs');
  const { dataDir, keyDir } = world.options;
  const options = { dataDir, keyDir, plugin: world.plugin, installation: 'test' };
  const head = `import { openVault } from ${JSON.stringify(import.meta.resolve('plugin-vault'))};
    const vault = await openVault(${JSON.stringify(options)});`;
  writeFileSync(program, head + statements);
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
  const [output, [code]] = await Promise.all([child.stdout.toArray(), once(child, 'exit')]);
  writeFileSync(program, '');
  return [Buffer.concat(output).toString(), code];
}

vaultTest('a vault that is not closed does not keep Node running, but calls in flight and watches do', async (world) => {
  const write = `await vault.setPersistentData('user', { n: 1 });`;
  assert.deepEqual(await printed(world, write), ['', 0]);
  const inFlight = `vault.getPersistentData('user').then(({ n }) => console.log(n));`;
  assert.deepEqual(await printed(world, inFlight), ['1\n', 0]);
  const lease = `await vault.acquireLease('x', 60_000);
    vault.acquireLease('x', 60_000, { waitMs: 300 }).catch(({ kind }) => console.log(kind));`;
  assert.deepEqual(await printed(world, lease), ['leaseHeld\n', 0]);
  const watch = `const watch = await vault.watchPersistentData(async () => { console.log('notice'); await watch.close(); });
    console.log('watching');`;
  const other = await world.open();
  const running = printed(world, watch);
  const writing = setInterval(() => other.setPersistentData('user', { n: Math.random() }), 50);
  const [output] = await running.finally(() => clearInterval(writing));
  assert.equal(output, 'watching\nnotice\n');
});

vaultTest('options that would lose data are refused', async (world) => {
  const options = { ...world.options, plugin: world.plugin };
  await assert.rejects(openVault(options), TypeError);
});
