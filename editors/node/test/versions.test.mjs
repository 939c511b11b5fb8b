// Two versions of the program over one store. The older one is a stand-in that answers as a version that can't read the store.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { binary, vaultTest } from './world.mjs';

/** A program that can't read the store. */
function olderProgram(world) {
  const path = join(world.top, 'older');
  writeFileSync(
    path,
    `#!${process.execPath}
     if (process.argv[2] === '--version') { console.log('plugin-vault 0.0.9'); process.exit(); }
     let rest = Buffer.alloc(0);
     process.stdin.on('end', () => process.exit()).on('data', (chunk) => {
       rest = Buffer.concat([rest, chunk]);
       for (;;) {
         const end = rest.indexOf('\\r\\n\\r\\n');
         if (end < 0) return;
         const length = Number(/\\d+/.exec(rest.toString('latin1', 0, end))[0]);
         if (rest.length < end + 4 + length) return;
         const { id, method } = JSON.parse(rest.toString('utf8', end + 4, end + 4 + length));
         rest = rest.subarray(end + 4 + length);
         if (method === 'exit') process.exit();
         if (id === undefined) continue;
         const result = { initialize: { capabilities: { experimental: { pluginVault: { protocolVersion: 1 } } } }, shutdown: null }[method];
         const error = { code: 5003, message: 'too new', data: { kind: 'formatTooNew', retryable: false } };
         const body = JSON.stringify({ jsonrpc: '2.0', id, ...(result === undefined ? { error } : { result }) });
         process.stdout.write('Content-Length: ' + Buffer.byteLength(body) + '\\r\\n\\r\\n' + body);
       }
     });`,
    { mode: 0o755 },
  );
  return path;
}

/** Calls `steps` while PATH has these programs. */
async function withPath(world, programs, steps) {
  const folders = programs.map((program, at) => {
    const folder = join(world.top, `path-${at}`);
    mkdirSync(folder);
    symlinkSync(program, join(folder, 'plugin-vault'));
    return folder;
  });
  const { PATH, PLUGIN_VAULT_BIN } = process.env;
  delete process.env.PLUGIN_VAULT_BIN;
  process.env.PATH = [...folders, PATH].join(':');
  try {
    await steps();
  } finally {
    Object.assign(process.env, { PATH, PLUGIN_VAULT_BIN });
  }
}

vaultTest('if the packed program is older than the store, the newest other one is used', async (world) => {
  const older = olderProgram(world);
  await withPath(world, [older, binary], async () => {
    const vault = await world.open({ packed: older });
    const calls = [vault.setPersistentData('user', { n: 1 }), vault.listPersistentData(), vault.getPersistentRecord('workspace', { workspaceFolder: 'file:///a' })];
    const [{ revision }] = await Promise.all(calls);
    assert.ok(revision > 0);
    assert.deepEqual(await vault.getPersistentData('user'), { n: 1 });
    // The program stays chosen.
    await world.kill(vault);
    assert.deepEqual(await vault.getPersistentData('user'), { n: 1 });
    await vault.close();
  });
});

vaultTest('without a newer program the error names the extension to update', async (world) => {
  const older = olderProgram(world);
  await withPath(world, [], async () => {
    process.env.PATH = '/nowhere';
    const vault = await world.open({ packed: older, clientName: 'My Extension' });
    const message = /^A later version of plugin-vault wrote the store.*Update My Extension, or put/;
    await assert.rejects(vault.getPersistentData('user'), { kind: 'formatTooNew', code: 5003, message });
    await vault.close();
  });
});

vaultTest('a program that the user has named is the only one', async (world) => {
  const older = olderProgram(world);
  await withPath(world, [binary], async () => {
    const vault = await world.open({ binary: older });
    await assert.rejects(vault.getPersistentData('user'), { kind: 'formatTooNew' });
    await vault.close();
  });
});
