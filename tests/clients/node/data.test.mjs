// Records, as vscode-jsonrpc asks for them: both contexts, names, revisions, expiry, patch, delete, list, move.

import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';

import { assertRecent, assertTime, inSeconds, refused } from './lib/answers.mjs';
import { eachClient } from './lib/vault.mjs';

eachClient((vaultTest, initialised) => {
  vaultTest('an object comes back as it was stored, asked for by position and by name', async (world) => {
    const vault = await world.startWithKey();
    const word = world.canaries.word();
    const data = { z: word, a: [1, -0.5, 1e21, true, null, { 'ü\u2028': '\ud83d\ude00\n' }], '': {} };

    const first = await vault.call('setPersistentData', 'user', data);
    assert.deepEqual(Object.keys(first), ['revision']);
    assert.ok(Number.isSafeInteger(first.revision) && first.revision > 0);
    assert.equal(JSON.stringify(await vault.call('getPersistentData', 'user')), JSON.stringify(data));
    assert.deepEqual(await vault.call('getPersistentData', { context: 'user' }), data);

    const second = await vault.call('setPersistentData', { context: 'user', data: { word } });
    assert.ok(second.revision > first.revision, 'revisions grow');
    assert.deepEqual(await vault.call('getPersistentData', 'user'), { word });
  });

  vaultTest('null means absent, and may stand at the end of positions', async (world) => {
    const vault = await world.startWithKey();
    assert.equal(await vault.call('getPersistentData', 'user', null, null, null), null);
    await vault.call('setPersistentData', 'user', { v: world.canaries.word() }, null);
    const record = await vault.call('getPersistentRecord', {
      context: 'user',
      workspaceFolder: null,
      name: null,
      handle: null,
    });
    assert.ok(record.revision > 0);
    const same = { ifRevision: null, expiresAt: null, name: null };
    await vault.call('setPersistentData', { context: 'user', data: {}, ...same });
    // Both of these put `[null]` on the wire.
    assert.equal((await vault.call('listPersistentData', null)).length, 1);
    assert.equal((await vault.call('listPersistentData', undefined)).length, 1);
    assert.equal((await vault.call('listPersistentData')).length, 1);
  });

  vaultTest('the two contexts are two objects', async (world) => {
    const folder = world.canaries.folder();
    const vault = await world.startWithKey({ folders: [folder] });
    const [user, workspace] = [{ v: world.canaries.word() }, { v: world.canaries.word() }];
    await vault.call('setPersistentData', 'user', user);
    assert.equal(await vault.call('getPersistentData', 'workspace'), null);
    await vault.call('setPersistentData', 'workspace', workspace);
    assert.deepEqual(await vault.call('getPersistentData', 'user'), user);
    assert.deepEqual(await vault.call('getPersistentData', 'workspace'), workspace);
  });

  vaultTest('a folder is known by its normalised URI, open or not', async (world) => {
    const folder = world.canaries.folder();
    const vault = await world.startWithKey({ folders: [folder] });
    await vault.call('setPersistentData', 'workspace', { v: world.canaries.word() });
    const read = (workspaceFolder) => vault.call('getPersistentData', { context: 'workspace', workspaceFolder });
    const expected = await read(folder);
    assert.notEqual(expected, null);
    assert.deepEqual(await read(`${folder}/`), expected, 'no slash at the end');
    assert.deepEqual(await read(folder.replace('canary', '%63anary')), expected, 'percent-encoding');
    assert.deepEqual(await read(folder.replace('file:///', 'FILE://localhost/')), expected, 'scheme and localhost');
    assert.equal(await read(`${folder}/x`), null);
    assert.equal(await read(folder.replace('canary', 'Canary')), null, 'case counts in a path');
    await refused(read('not/absolute'), 2004);
  });

  vaultTest('a folder must be named unless exactly one is open', async (world) => {
    const [one, two] = [world.canaries.folder(), world.canaries.folder()];
    const vault = await world.startWithKey({ folders: [one, two] });
    await refused(vault.call('getPersistentData', 'workspace'), 2003);
    await refused(vault.call('setPersistentData', 'workspace', {}), 2003);
    await vault.call('setPersistentData', { context: 'workspace', workspaceFolder: two, data: { two: 2 } });
    assert.equal(await vault.call('getPersistentData', { context: 'workspace', workspaceFolder: one }), null);

    if (!initialised) return;
    const change = (added, removed) =>
      vault.tell('workspace/didChangeWorkspaceFolders', {
        event: { added: added.map((uri) => ({ uri, name: '' })), removed: removed.map((uri) => ({ uri, name: '' })) },
      });
    await change([], [one]);
    assert.deepEqual(await vault.call('getPersistentData', 'workspace'), { two: 2 });
    await change([one], [two]);
    assert.equal(await vault.call('getPersistentData', 'workspace'), null);
    await change([], [one]);
    await refused(vault.call('getPersistentData', 'workspace'), 2003);
  });

  vaultTest('without a word about folders, a script has its current directory and an editor none', async (world) => {
    const vault = await world.startWithKey();
    if (initialised) {
      await refused(vault.call('setPersistentData', 'workspace', {}), 2003);
      return;
    }
    await vault.call('setPersistentData', 'workspace', { v: world.canaries.word() });
    const [record] = await vault.call('listPersistentData', { context: 'workspace' });
    assert.equal(record.workspaceFolder, pathToFileURL(world.cwd).href);
  });

  vaultTest('named records stand beside the unnamed one', async (world) => {
    const vault = await world.startWithKey();
    const names = [world.canaries.word(), world.canaries.word() + 'ü', 'n'.repeat(256)];
    await vault.call('setPersistentData', 'user', { unnamed: true });
    for (const name of names) await vault.call('setPersistentData', { context: 'user', name, data: { name } });
    for (const name of names) {
      assert.deepEqual(await vault.call('getPersistentData', { context: 'user', name }), { name });
    }
    assert.deepEqual(await vault.call('getPersistentData', 'user'), { unnamed: true });
    assert.equal(await vault.call('getPersistentData', { context: 'user', name: 'N'.repeat(256) }), null);
  });

  vaultTest('a write on condition of a revision does not overwrite what it has not seen', async (world) => {
    const vault = await world.startWithKey();
    const set = (data, ifRevision) => vault.call('setPersistentData', { context: 'user', data, ifRevision });
    const v = world.canaries.word();
    await refused(set({ v }, 7), 2001, { revision: 0 });
    const { revision } = await set({ v }, 0);
    await refused(set({ v: 2 }, 0), 2001, { revision });
    await refused(set({ v: 2 }, revision + 1), 2001, { revision });
    await refused(vault.call('patchPersistentData', { context: 'user', patch: {}, ifRevision: 0 }), 2001, { revision });
    await refused(vault.call('deletePersistentData', { context: 'user', ifRevision: 0 }), 2001, { revision });
    assert.deepEqual(await vault.call('getPersistentData', 'user'), { v });
    assert.equal((await set({ v }, revision)).revision, revision, 'the same text changes nothing');
    const next = await set({ v: 2 }, revision);
    assert.ok(next.revision > revision);
  });

  vaultTest('a record tells its revision and its times', async (world) => {
    const vault = await world.startWithKey();
    assert.equal(await vault.call('getPersistentRecord', 'user'), null);
    const data = { v: world.canaries.word() };
    const { revision } = await vault.call('setPersistentData', 'user', data);
    const record = await vault.call('getPersistentRecord', 'user');
    assert.deepEqual(Object.keys(record).sort(), ['createdAt', 'data', 'revision', 'updatedAt']);
    assert.deepEqual([record.data, record.revision], [data, revision]);
    assertRecent(record.createdAt);
    assertRecent(record.updatedAt);
    const changed = await vault.call('setPersistentData', 'user', {});
    const after = await vault.call('getPersistentRecord', { context: 'user' });
    assert.equal(after.revision, changed.revision);
    assert.equal(after.createdAt, record.createdAt);
    assert.ok(Date.parse(after.updatedAt) >= Date.parse(record.updatedAt));
  });

  vaultTest('a record expires', async (world) => {
    const vault = await world.startWithKey();
    const set = (data, expiresAt, ifRevision) =>
      vault.call('setPersistentData', { context: 'user', data, expiresAt, ifRevision });
    const data = { v: world.canaries.word() };
    const hour = inSeconds(3600);
    const { revision } = await set(data, hour);
    const record = await vault.call('getPersistentRecord', 'user');
    assertTime(record.expiresAt);
    assert.equal(Date.parse(record.expiresAt), Date.parse(hour));
    assert.equal((await set(data, hour)).revision, revision, 'text and expiry as stored');
    const later = await set(data, inSeconds(7200));
    assert.ok(later.revision > revision, 'another expiry is a change');
    const patched = await vault.call('patchPersistentData', 'user', { p: 1 });
    assert.ok('expiresAt' in (await vault.call('getPersistentRecord', 'user')), 'a patch keeps the expiry');
    const never = await set(data);
    assert.ok(never.revision > patched.revision);
    assert.ok(!('expiresAt' in (await vault.call('getPersistentRecord', 'user'))));

    await set(data, inSeconds(-60));
    assert.equal(await vault.call('getPersistentData', 'user'), null);
    assert.equal(await vault.call('getPersistentRecord', 'user'), null);
    assert.deepEqual(await vault.call('listPersistentData'), []);
    await refused(set({}, undefined, 1), 2001, { revision: 0 });
    await set(data, undefined, 0);
    assert.deepEqual(await vault.call('getPersistentData', 'user'), data);
  });

  vaultTest('a patch merges', async (world) => {
    const vault = await world.startWithKey();
    const patch = (value) => vault.call('patchPersistentData', 'user', value);
    const v = world.canaries.word();
    const { revision } = await patch({ v, gone: null, deep: { a: 1, b: [1, 2] } });
    assert.deepEqual(await vault.call('getPersistentData', 'user'), { v, deep: { a: 1, b: [1, 2] } });
    const next = await patch({ deep: { a: null, b: [3], c: {} }, w: false });
    assert.ok(next.revision > revision);
    const merged = JSON.stringify(await vault.call('getPersistentData', 'user'));
    assert.equal(merged, `{"v":"${v}","deep":{"b":[3],"c":{}},"w":false}`, 'members keep their places');
    assert.equal((await patch({ absent: null })).revision, next.revision, 'a patch that changes nothing');
  });

  vaultTest('deleting says whether there was something', async (world) => {
    const vault = await world.startWithKey();
    assert.deepEqual(await vault.call('deletePersistentData', 'user'), { deleted: false, revision: 0 });
    const set = await vault.call('setPersistentData', 'user', { v: world.canaries.word() });
    const gone = await vault.call('deletePersistentData', { context: 'user', ifRevision: set.revision });
    assert.equal(gone.deleted, true);
    assert.ok(gone.revision > set.revision);
    assert.equal(await vault.call('getPersistentData', 'user'), null);
    assert.deepEqual(await vault.call('deletePersistentData', 'user'), { deleted: false, revision: 0 });
  });

  vaultTest('a list has the addresses, and no data', async (world) => {
    const [one, two] = [world.canaries.folder(), world.canaries.folder()];
    const vault = await world.startWithKey({ folders: [one] });
    assert.deepEqual(await vault.call('listPersistentData'), []);
    const name = world.canaries.word();
    const addresses = [
      { context: 'user' },
      { context: 'user', name },
      { context: 'workspace', workspaceFolder: one },
      { context: 'workspace', workspaceFolder: two, name },
    ];
    const data = { v: world.canaries.word() };
    const expiresAt = inSeconds(3600);
    const expected = [];
    for (const address of addresses) {
      const { revision } = await vault.call('setPersistentData', { ...address, data, expiresAt });
      expected.push({ ...address, revision });
    }
    const list = async (params) => {
      const rows = await vault.call('listPersistentData', params);
      return rows.map(({ createdAt, updatedAt, bytes, expiresAt: until, ...row }) => {
        assertRecent(createdAt);
        assertRecent(updatedAt);
        assert.equal(Date.parse(until), Date.parse(expiresAt));
        assert.equal(bytes, JSON.stringify(data).length);
        return row;
      }).sort((a, b) => a.revision - b.revision);
    };
    assert.deepEqual(await list({}), expected);
    assert.deepEqual(await list({ context: 'user' }), expected.slice(0, 2));
    assert.deepEqual(await list({ context: 'workspace', workspaceFolder: two }), expected.slice(3));
  });

  vaultTest('a folder that moved takes its records along', async (world) => {
    const [from, to] = [world.canaries.folder(), world.canaries.folder()];
    const vault = await world.startWithKey();
    const name = world.canaries.word();
    assert.deepEqual(await vault.call('movePersistentData', from, to), { moved: 0, revision: 0 });
    await vault.call('setPersistentData', { context: 'workspace', workspaceFolder: from, data: { v: 1 } });
    const address = { context: 'workspace', workspaceFolder: from, name };
    const last = await vault.call('setPersistentData', { ...address, data: { v: 2 }, expiresAt: inSeconds(3600) });
    const before = await vault.call('getPersistentRecord', address);

    const { moved, revision } = await vault.call('movePersistentData', from, to);
    assert.equal(moved, 2);
    assert.ok(revision >= last.revision + 4, 'two revisions for each record');
    assert.equal(await vault.call('getPersistentRecord', address), null);
    const after = await vault.call('getPersistentRecord', { ...address, workspaceFolder: to });
    assert.deepEqual(after.data, { v: 2 });
    assert.equal(after.createdAt, before.createdAt);
    assert.equal(after.expiresAt, before.expiresAt);
    const rows = await vault.call('listPersistentData');
    assert.deepEqual(new Set(rows.map((row) => row.workspaceFolder)), new Set([to]));
    assert.equal(Math.max(...rows.map((row) => row.revision)), revision);

    await vault.call('setPersistentData', { ...address, data: { v: 3 } });
    await refused(vault.call('movePersistentData', { from, to }), 2005);
    assert.deepEqual(await vault.call('getPersistentData', { ...address, workspaceFolder: to }), { v: 2 });
    assert.deepEqual(await vault.call('getPersistentData', address), { v: 3 });
    await refused(vault.call('movePersistentData', 'nowhere', to), 2004);
  });

  vaultTest('writes commit in the order they came, and a read sees those before it', async (world) => {
    const vault = await world.startWithKey();
    const v = world.canaries.word();
    const writes = [];
    const reads = [];
    for (let n = 0; n < 200; n += 1) {
      writes.push(vault.call('setPersistentData', { context: 'user', name: n % 2 ? v : undefined, data: { n } }));
      reads.push(vault.call('getPersistentData', { context: 'user', name: n % 2 ? v : undefined }));
    }
    const revisions = (await Promise.all(writes)).map((answer) => answer.revision);
    assert.ok(revisions.every((revision, n) => n === 0 || revision > revisions[n - 1]));
    // A read that comes later may see a later write too, but never an earlier one.
    for (const [n, data] of (await Promise.all(reads)).entries()) assert.ok(data.n >= n && data.n % 2 === n % 2);
  });

  vaultTest('what was answered is there after a restart, and everybody has their own', async (world) => {
    const folder = world.canaries.folder();
    const first = await world.startWithKey({ folders: [folder] });
    const data = { z: world.canaries.word(), a: [1.5, 'ü'] };
    const name = world.canaries.word();
    await first.call('setPersistentData', 'workspace', data);
    const { revision } = await first.call('setPersistentData', { context: 'user', name, data });
    const record = await first.call('getPersistentRecord', { context: 'user', name });
    await first.close();

    const second = await world.start({ folders: [folder] });
    assert.equal((await second.call('setAPIKey', first.key)).known, true);
    assert.equal(JSON.stringify(await second.call('getPersistentData', 'workspace')), JSON.stringify(data));
    assert.deepEqual(await second.call('getPersistentRecord', { context: 'user', name }), record);
    assert.ok((await second.call('setPersistentData', 'user', {})).revision > revision);

    const stranger = await world.startWithKey({ folders: [folder] });
    assert.deepEqual(await stranger.call('listPersistentData'), []);
    assert.equal(await stranger.call('getPersistentData', 'workspace'), null);
  });
});
