// The life of a connection with vscode-jsonrpc: greeting, errors, cancelling, ends, and a store that cannot be opened.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { refused } from './lib/answers.mjs';
import { eachClient } from './lib/vault.mjs';

const MIB = 1024 * 1024;

eachClient((vaultTest, initialised, major) => {
  vaultTest('the greeting says who it is', async (world) => {
    const vault = await world.start();
    if (initialised) {
      const { capabilities, serverInfo, ...rest } = vault.greeting;
      assert.deepEqual(rest, {});
      assert.deepEqual(capabilities, {
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
        experimental: { pluginVault: { protocolVersion: 1, maxDataBytes: 8 * MIB } },
      });
      assert.equal(serverInfo.name, 'plugin-vault');
      assert.match(serverInfo.version, /^\d+\.\d+\.\d+/);
      await refused(vault.call('initialize', { processId: null, rootUri: null, capabilities: {} }), -32600);
    } else {
      assert.ok(!existsSync(join(world.data, 'data.mdb')), 'no store before a request needs it');
    }
  });

  vaultTest('the status makes no store and names nothing', async (world) => {
    const vault = await world.start();
    const before = await vault.call('vault/status');
    assert.equal(before.dataDir, world.data);
    assert.equal(before.formatVersion, 1);
    assert.ok(!('storeId' in before));
    assert.ok(!existsSync(join(world.data, 'data.mdb')), 'asking made a store');

    const folder = world.canaries.folder();
    await vault.call('setAPIKey', world.canaries.key());
    const address = { context: 'workspace', workspaceFolder: folder, name: world.canaries.word() };
    await vault.call('setPersistentData', { ...address, data: { v: world.canaries.word() } });
    const after = await vault.call('vault/status', null);
    assert.equal(typeof after.storeId, 'string');
    assert.deepEqual([after.protector, after.keyAvailable, after.records], ['key-file', true, 1]);
    assert.ok(after.bytes > 0 && 'protects' in after && !('repaired' in after));
    world.canaries.search(Buffer.from(JSON.stringify(after)), 'the status');
  });

  vaultTest('unknown requests are refused and unknown notifications ignored', async (world) => {
    const vault = await world.startWithKey();
    await refused(vault.call('noSuchMethod', { v: world.canaries.word() }), -32601);
    await refused(vault.call('$/noSuchMethod'), -32601);
    await refused(vault.call('textDocument/hover', null), -32601);
    await vault.tell('noSuchMethod', { v: world.canaries.word() });
    await vault.tell('$/progress', { token: 1, value: null });
    await vault.trace();
    assert.equal(await vault.call('getPersistentData', 'user'), null);
  });

  vaultTest('wrong parameters are named, and nothing is written blindly', async (world) => {
    const vault = await world.startWithKey({ folders: [world.canaries.folder()] });
    const set = (params) => vault.call('setPersistentData', params);
    const good = { context: 'user', data: {} };
    await refused(set({ ...good, ifRevison: 0 }), -32602, { parameter: 2, reason: 'unknown' });
    await refused(set({ [world.canaries.word()]: 1, ...good }), -32602, { parameter: 0, reason: 'unknown' });
    await refused(set({ context: 'user' }), -32602, { parameter: 'data', reason: 'missing' });
    await refused(set({ data: {} }), -32602, { parameter: 'context', reason: 'missing' });
    for (const data of [[], 1, 'text', true]) {
      await refused(set({ ...good, data }), -32602, { parameter: 'data', reason: 'wrongType' });
    }
    await refused(set({ ...good, context: 5 }), -32602, { parameter: 'context', reason: 'wrongType' });
    await refused(set({ ...good, context: world.canaries.word() }), -32602, { parameter: 'context' });
    await refused(set({ ...good, workspaceFolder: world.canaries.folder() }), -32602, { parameter: 'workspaceFolder' });
    for (const name of ['', 'n'.repeat(257), 'ü'.repeat(129)]) {
      await refused(set({ ...good, name }), -32602, { parameter: 'name', reason: 'outOfRange' });
    }
    for (const ifRevision of ['1', 1.5, {}]) {
      await refused(set({ ...good, ifRevision }), -32602, { parameter: 'ifRevision' });
    }
    await refused(set({ ...good, ifRevision: -1 }), -32602, { parameter: 'ifRevision', reason: 'outOfRange' });
    await refused(set({ ...good, expiresAt: 'tomorrow' }), -32602, { parameter: 'expiresAt' });
    await refused(vault.call('setPersistentData', 'user', {}, { more: 1 }), -32602);
    const misspelt = vault.call('listAPIKeys', { [world.canaries.word()]: 1 });
    await refused(misspelt, -32602, { parameter: 0, reason: 'unknown' });
    assert.deepEqual(await vault.call('listPersistentData'), []);
  });

  // One client is enough for this: a build that is not optimised takes its time to seal 8 MiB.
  if (major === 10) {
    vaultTest('data up to the limit is stored, and more is refused', async (world) => {
      const vault = await world.startWithKey();
      const word = world.canaries.word();
      const filled = (bytes) => {
        const empty = JSON.stringify({ v: word }).length;
        return { v: word + 'x'.repeat(bytes - empty) };
      };
      const most = filled(8 * MIB);
      const { revision } = await vault.call('setPersistentData', 'user', most);
      const back = await vault.call('getPersistentData', 'user');
      assert.ok(back.v === most.v, 'the same 8 MiB');
      const data = await refused(vault.call('setPersistentData', 'user', filled(8 * MIB + 1)), 2002);
      assert.equal(data.limit, 8 * MIB);
      assert.equal((await vault.call('getPersistentRecord', 'user')).revision, revision);
    });
  }

  vaultTest('a cancelled request is answered, truly', async (world) => {
    const vault = await world.startWithKey();
    const asked = [];
    for (let n = 0; n < 50; n += 1) {
      const source = new vault.jsonrpc.CancellationTokenSource();
      const params = { context: 'user', name: `${n}`, data: { v: world.canaries.word() } };
      asked.push(vault.call('setPersistentData', params, source.token));
      source.cancel();
    }
    const answers = await Promise.allSettled(asked);
    for (const [n, answer] of answers.entries()) {
      const stored = await vault.call('getPersistentRecord', { context: 'user', name: `${n}` });
      if (answer.status === 'fulfilled') {
        assert.equal(stored.revision, answer.value.revision);
      } else {
        assert.equal(answer.reason.code, -32800);
        assert.equal(stored, null, 'a cancelled write did not happen');
      }
    }
  });

  vaultTest('after shutdown only exit is left', async (world) => {
    const vault = await world.startWithKey();
    await vault.call('setPersistentData', 'user', { v: world.canaries.word() });
    assert.equal(await vault.call('shutdown', null), null);
    await refused(vault.call('getPersistentData', 'user'), -32600);
    await refused(vault.call('vault/status'), -32600);
    await vault.exit();
  });

  vaultTest('a client that hangs up after shutdown, or never greeted, ends well', async (world) => {
    const polite = await world.startWithKey();
    await polite.call('shutdown');
    await polite.hangUp(0);
    const abrupt = await world.startWithKey();
    await abrupt.call('setPersistentData', 'user', { v: world.canaries.word() });
    // An initialised session that just ends is a client that died; a script that ends is done.
    world.quiet = !initialised;
    await abrupt.hangUp(initialised ? 1 : 0);
  });

  vaultTest('a lost store key is said, and nothing is made in its place', async (world) => {
    const first = await world.startWithKey();
    const data = { v: world.canaries.word() };
    await first.call('setPersistentData', 'user', data);
    await first.close();

    world.quiet = false;
    const away = `${world.keys}-away`;
    renameSync(world.keys, away);
    const vault = await world.start();
    assert.deepEqual(Object.keys(await vault.call('setAPIKey', first.key)), ['handle']);
    const why = { protector: 'key-file', reason: 'missing' };
    await refused(vault.call('getPersistentData', 'user'), 4001, why);
    await refused(vault.call('setPersistentData', 'user', {}), 4001, why);
    await refused(vault.call('deletePersistentData', 'user'), 4001, why);
    assert.equal((await vault.call('vault/status')).keyAvailable, false);
    assert.ok(!existsSync(world.keys), 'nothing was made where the key should be');

    renameSync(away, world.keys);
    assert.deepEqual(await vault.call('getPersistentData', 'user'), data, 'the next request tries again');
  });

  if (process.platform !== 'win32') {
    vaultTest('a store that others can read is refused, and works when that is corrected', async (world) => {
      const first = await world.startWithKey();
      const data = { v: world.canaries.word() };
      await first.call('setPersistentData', 'user', data);
      await first.close();

      world.quiet = false;
      chmodSync(world.data, 0o755);
      const vault = await world.start();
      const read = async () => {
        await vault.call('setAPIKey', first.key);
        return vault.call('getPersistentData', 'user');
      };
      await refused(read(), 5005, { reason: 'permissions' });
      chmodSync(world.data, 0o700);
      assert.deepEqual(await read(), data);
    });
  }

  vaultTest('no log line at any level holds a word of it', async (world) => {
    world.quiet = false;
    const folder = world.canaries.folder();
    const file = join(world.top, 'log');
    for (const to of [[], ['--log-file', file]]) {
      const args = ['--log', 'trace', ...to];
      await everything(world, folder, args);
      // Where all goes well there may be nothing to say, so let something go wrong too.
      await withoutStoreKey(world, { folders: [folder], args });
    }
    assert.notEqual(world.stderr, '', 'there was a log to search');
    const log = readFileSync(file);
    assert.ok(log.length > 0, 'there was a log file to search');
    world.canaries.search(log, 'the log file');
  });

  async function withoutStoreKey(world, options) {
    const away = `${world.keys}-away`;
    renameSync(world.keys, away);
    const vault = await world.startWithKey(options);
    const name = world.canaries.word();
    await refused(vault.call('setPersistentData', { context: 'workspace', name, data: { name } }), 4001);
    await vault.close();
    renameSync(away, world.keys);
  }

  /** A call of each kind, and some that are refused. */
  async function everything(world, folder, args) {
    const vault = await world.startWithKey({ folders: [folder], args });
    const name = world.canaries.word();
    const data = { [world.canaries.word()]: world.canaries.word() };
    await vault.call('setPersistentData', 'workspace', data);
    await vault.call('setPersistentData', { context: 'user', name, data });
    await vault.call('patchPersistentData', { context: 'user', name, patch: { more: world.canaries.word() } });
    await vault.call('movePersistentData', folder, world.canaries.folder());
    await vault.call('deletePersistentData', { context: 'user', name });
    const issued = await vault.call('issueAPIKey', {
      plugin: world.canaries.word(),
      installation: world.canaries.word(),
      label: world.canaries.word(),
    });
    world.canaries.key(issued.apiKey);
    await refused(vault.call(world.canaries.word(), { [world.canaries.word()]: name }), -32601);
    await refused(vault.call('setPersistentData', { context: world.canaries.word(), data }), -32602);
    await refused(vault.call('setAPIKey', world.canaries.word()), 1002);
    await vault.close();
  }
});
