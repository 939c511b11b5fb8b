// API keys and handles, as vscode-jsonrpc meets them: one plugin's data never lands in another's namespace.

import assert from 'node:assert/strict';

import { assertRecent, assertTime, inSeconds, refused } from './lib/answers.mjs';
import { eachClient } from './lib/vault.mjs';

eachClient((vaultTest) => {
  vaultTest('nothing works before a key is set', async (world) => {
    const vault = await world.start();
    await refused(vault.call('getPersistentData', 'user'), 1001);
    await refused(vault.call('setPersistentData', 'user', {}), 1001);
    await refused(vault.call('patchPersistentData', 'user', {}), 1001);
    await refused(vault.call('deletePersistentData', 'user'), 1001);
    await refused(vault.call('listPersistentData'), 1001);
    await refused(vault.call('movePersistentData', 'not absolute', 'nor this'), 1001);
    await refused(vault.call('listAPIKeys'), 1001);
    await refused(vault.call('getPersistentData', { context: 'user', handle: 'f'.repeat(32) }), 1001);
  });

  vaultTest('a key is known once something was written with it', async (world) => {
    const vault = await world.start();
    const key = world.canaries.key();
    const first = await vault.call('setAPIKey', key);
    assert.equal(first.known, false);
    assert.equal(typeof first.handle, 'string');
    await vault.call('setPersistentData', 'user', { v: world.canaries.word() });
    const again = await vault.call('setAPIKey', { apiKey: key.toUpperCase(), mustExist: true });
    assert.equal(again.known, true, 'upper case is the same key');
    assert.equal(again.handle, first.handle, 'the same key has the same handle');
    assert.equal(again.owner, true);
    assert.equal(typeof again.keyId, 'string');
    const [only, ...others] = await vault.call('listAPIKeys', null);
    assert.deepEqual(others, []);
    assert.deepEqual([only.keyId, only.owner, only.current], [again.keyId, true, true]);
  });

  vaultTest('what is no key is refused, and with mustExist a new one too', async (world) => {
    const vault = await world.start();
    for (const text of ['', 'f'.repeat(39), 'f'.repeat(41), 'g'.repeat(40), ` ${'f'.repeat(39)}`]) {
      await refused(vault.call('setAPIKey', text), 1002);
    }
    await refused(vault.call('setAPIKey', { apiKey: 5 }), -32602, { parameter: 'apiKey', reason: 'wrongType' });
    await refused(vault.call('setAPIKey', null), -32602, { parameter: 'apiKey', reason: 'missing' });
    await refused(vault.call('setAPIKey', { mustExist: true }), -32602, { parameter: 'apiKey', reason: 'missing' });
    await refused(vault.call('setAPIKey', { apiKey: world.canaries.key(), mustExist: true }), 1003);
    await refused(vault.call('getPersistentData', 'user'), 1001);
  });

  vaultTest('two plugins on one connection name their handles', async (world) => {
    const vault = await world.start();
    const [oneKey, twoKey] = [world.canaries.key(), world.canaries.key()];
    const one = (await vault.call('setAPIKey', oneKey)).handle;
    await vault.call('setPersistentData', 'user', { one: world.canaries.word() });
    const two = (await vault.call('setAPIKey', twoKey)).handle;
    assert.notEqual(one, two);
    await refused(vault.call('getPersistentData', 'user'), 1001);
    await refused(vault.call('setPersistentData', 'user', {}), 1001);
    await refused(vault.call('listAPIKeys'), 1001);

    const get = (handle) => vault.call('getPersistentData', { context: 'user', handle });
    assert.equal(await get(two), null);
    await vault.call('setPersistentData', { context: 'user', data: { two: 2 }, handle: two });
    assert.deepEqual(await get(two), { two: 2 });
    assert.deepEqual(Object.keys(await get(one)), ['one']);

    assert.equal((await vault.call('setAPIKey', oneKey)).handle, one);
    await refused(vault.call('getPersistentData', 'user'), 1001);
  });

  vaultTest('after a refused key, none is meant until the only one is set again', async (world) => {
    const vault = await world.startWithKey();
    await vault.call('setPersistentData', 'user', { v: world.canaries.word() });
    await refused(vault.call('setAPIKey', 'no key'), 1002);
    await refused(vault.call('getPersistentData', 'user'), 1001);
    const { v } = await vault.call('getPersistentData', { context: 'user', handle: vault.handle });
    await vault.call('setAPIKey', vault.key);
    assert.deepEqual(await vault.call('getPersistentData', 'user'), { v });
  });

  vaultTest('a key and folder are settled in the order of asking, whatever is still on its way', async (world) => {
    const vault = await world.start();
    const [one, two] = [world.canaries.key(), world.canaries.key()];
    const answers = await Promise.allSettled([
      vault.call('setAPIKey', one),
      vault.call('setPersistentData', 'user', { one: 1 }),
      vault.call('setAPIKey', two),
      vault.call('setPersistentData', 'user', { two: 2 }),
    ]);
    assert.deepEqual(answers.map((answer) => answer.status), ['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    assert.equal(answers[3].reason.code, 1001);
    const handle = answers[0].value.handle;
    assert.deepEqual(await vault.call('getPersistentData', { context: 'user', handle }), { one: 1 });
  });

  vaultTest('the vault issues keys', async (world) => {
    const vault = await world.start();
    const plugin = `${world.canaries.word()}.${world.canaries.word()}`;
    const issued = await vault.call('issueAPIKey', plugin);
    world.canaries.key(issued.apiKey);
    assert.match(issued.apiKey, /^[0-9a-f]{40}$/);
    assert.deepEqual([issued.created, issued.owner, issued.plugin], [true, true, plugin]);
    assertRecent(issued.issuedAt);
    const other = await vault.call('issueAPIKey', plugin);
    world.canaries.key(other.apiKey);
    assert.notEqual(other.apiKey, issued.apiKey, 'without an installation each is new');
    assert.notEqual(other.keyId, issued.keyId);

    await refused(vault.call('listAPIKeys'), 1001, {});
    const set = await vault.call('setAPIKey', { apiKey: issued.apiKey, mustExist: true });
    assert.deepEqual([set.known, set.keyId, set.plugin, set.owner], [true, issued.keyId, plugin, true]);
    const { apiKey: _, created: __, ...key } = issued;
    assert.deepEqual(await vault.call('listAPIKeys'), [{ ...key, current: true }]);
    await vault.call('setPersistentData', 'user', { v: world.canaries.word() });
  });

  vaultTest('an installation has one key, however often and from wherever it asks', async (world) => {
    const vault = await world.start();
    const wanted = {
      plugin: world.canaries.word(),
      installation: world.canaries.word(),
      label: world.canaries.word(),
      expiresAt: inSeconds(3600),
    };
    const other = await world.start();
    const answers = await Promise.all(
      [vault, other, vault, other].map((client) => client.call('issueAPIKey', wanted)),
    );
    for (const { apiKey } of answers) world.canaries.key(apiKey);
    assert.equal(new Set(answers.map((answer) => answer.apiKey)).size, 1);
    assert.equal(answers.filter((answer) => answer.created).length, 1);
    const [first] = answers;
    for (const name of ['plugin', 'installation', 'label']) assert.equal(first[name], wanted[name]);
    assertTime(first.expiresAt);
    assert.equal(Date.parse(first.expiresAt), Date.parse(wanted.expiresAt));

    const elsewhere = await vault.call('issueAPIKey', { ...wanted, installation: world.canaries.word() });
    world.canaries.key(elsewhere.apiKey);
    assert.notEqual(elsewhere.apiKey, first.apiKey);

    await vault.close();
    const later = await world.start();
    const again = await later.call('issueAPIKey', { plugin: wanted.plugin, installation: wanted.installation });
    assert.deepEqual([again.apiKey, again.created, again.keyId], [first.apiKey, false, first.keyId]);
  });

  vaultTest('an expired key is refused', async (world) => {
    const vault = await world.start();
    const plugin = world.canaries.word();
    const issued = await vault.call('issueAPIKey', { plugin, expiresAt: inSeconds(-60) });
    world.canaries.key(issued.apiKey);
    await refused(vault.call('setAPIKey', issued.apiKey), 1005);
    await refused(vault.call('getPersistentData', 'user'), 1001);
  });
});
