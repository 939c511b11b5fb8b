// Where the binding looks for the program, and its errors if there is none or the wrong one.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { vaultTest, World } from './world.mjs';

const { findBinary } = createRequire(import.meta.url)('../dist/binary.js');

/** Makes a folder for each place, with a program in those that are named. */
function places(world, ...there) {
  const path = (place) => join(world.top, place, 'plugin-vault');
  for (const place of ['setting', 'environment', 'packed', 'path']) {
    mkdirSync(join(world.top, place), { recursive: true });
    if (there.includes(place)) writeFileSync(path(place), '', { mode: 0o755 });
  }
  const env = { PATH: `/nowhere:${join(world.top, 'path')}` };
  return { path, env, packed: path('packed') };
}

const quietly = (name, steps) =>
  test(name, async () => {
    const world = new World();
    try {
      await steps(world);
    } finally {
      world.remove();
    }
  });

quietly('the order is the setting, the environment, the packed copy, PATH', (world) => {
  const { path, env, packed } = places(world, 'setting', 'environment', 'packed', 'path');
  const named = { ...env, PLUGIN_VAULT_BIN: path('environment') };
  assert.equal(findBinary({ binary: path('setting'), packed }, named), path('setting'));
  assert.equal(findBinary({ packed }, named), path('environment'));
  assert.equal(findBinary({ packed }, env), path('packed'));
  assert.equal(findBinary({}, env), path('path'));
});

quietly('an empty setting counts as none, and a folder or a file that cannot be run is not a program', (world) => {
  const { path, env, packed } = places(world, 'packed', 'path');
  chmodSync(path('packed'), 0o644);
  assert.equal(findBinary({ binary: '', packed }, env), path('path'));
  assert.throws(() => findBinary({ binary: world.top }, env), { kind: 'binaryNotFound' });
});

quietly('a setting that names no program is an error, and no other place is tried', (world) => {
  const { path, env, packed } = places(world, 'packed', 'path');
  assert.throws(() => findBinary({ binary: path('setting'), packed }, env), { kind: 'binaryNotFound', message: /the setting names/ });
  const named = { ...env, PLUGIN_VAULT_BIN: path('environment') };
  assert.throws(() => findBinary({ packed }, named), { kind: 'binaryNotFound', message: /PLUGIN_VAULT_BIN names/ });
});

/** Runs steps in another current folder, as in an editor that was started in a project. */
function within(folder, steps) {
  const before = process.cwd();
  process.chdir(folder);
  try {
    steps();
  } finally {
    process.chdir(before);
  }
}

quietly('no program is taken from the current folder', (world) => {
  const { path } = places(world, 'path');
  within(join(world.top, 'path'), () => {
    for (const search of ['', ':', '.', './', ':/nowhere:', '../path', '~', '/nowhere:.']) {
      assert.throws(() => findBinary({}, { PATH: search }), { kind: 'binaryNotFound' }, search);
    }
    for (const name of ['plugin-vault', './plugin-vault', '../path/plugin-vault']) {
      const refused = { kind: 'binaryNotFound', message: /depends on the current folder/ };
      assert.throws(() => findBinary({ binary: name }, {}), refused, name);
      assert.throws(() => findBinary({}, { PLUGIN_VAULT_BIN: name }), refused, name);
      assert.throws(() => findBinary({ packed: name }, {}), { kind: 'binaryNotFound' }, name);
    }
    assert.equal(findBinary({}, { PATH: `.::${join(world.top, 'path')}` }), path('path'));
  });
});

vaultTest('the program runs in the home folder, and relative folders refer to the caller’s current folder', async (world) => {
  const report = join(world.top, 'report');
  const program = join(world.top, 'reports');
  writeFileSync(program, `#!/bin/sh\n{ pwd -P; printf '%s\\n' "$@"; } > '${report}'\nexit 2\n`, { mode: 0o755 });
  const before = process.cwd();
  process.chdir(world.top);
  try {
    await assert.rejects(world.open({ binary: program, dataDir: 'data', keyDir: './keys' }), { kind: 'vaultEnded' });
  } finally {
    process.chdir(before);
  }
  const top = realpathSync(world.top);
  const [folder, ...args] = readFileSync(report, 'utf8').trim().split('\n');
  assert.equal(folder, realpathSync(homedir()));
  assert.deepEqual(args.slice(0, 5), ['--stdio', '--data-dir', join(top, 'data'), '--key-dir', join(top, 'keys')]);
  world.log = [];
});

quietly('without a program the error says where to put one', (world) => {
  const { env } = places(world);
  assert.throws(() => findBinary({}, env), { kind: 'binaryNotFound', message: /Put it on PATH.*setting.*PLUGIN_VAULT_BIN/ });
});

vaultTest('a program that is not plugin-vault is refused', async (world) => {
  for (const program of ['/bin/cat', '/bin/true', '/bin/false']) {
    await assert.rejects(world.open({ binary: program }), { kind: 'vaultEnded', message: new RegExp(program) });
  }
  world.log = [];
});

vaultTest('the error contains what the program printed before it ended', async (world) => {
  const path = join(world.top, 'complains');
  writeFileSync(path, '#!/bin/sh\necho "there is no more room" >&2\nexit 2\n', { mode: 0o755 });
  await assert.rejects(world.open({ binary: path }), { kind: 'vaultEnded', message: /It said: there is no more room/ });
  world.log = [];
});

/** A program that only answers `initialize`, in place of an older or a later version of plugin-vault. */
function standIn(world, result) {
  const path = join(world.top, 'stand-in');
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, result });
  const answer = `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  writeFileSync(path, `#!${process.execPath}\nprocess.stdin.once('data', () => process.stdout.write(${JSON.stringify(answer)}));\n`);
  chmodSync(path, 0o755);
  return path;
}

const versions = [
  ['an older plugin-vault', { capabilities: { experimental: { pluginVault: { protocolVersion: 0 } } } }, /protocol 0\. Update plugin-vault/],
  ['a later plugin-vault', { capabilities: { experimental: { pluginVault: { protocolVersion: 2 } } } }, /protocol 2\. Update this extension/],
  ['another language server', { capabilities: {}, serverInfo: { name: 'other' } }, /other .*is not plugin-vault/],
];
for (const [what, answer, message] of versions) {
  vaultTest(`${what} is refused, and the error says what to do`, async (world) => {
    await assert.rejects(world.open({ binary: standIn(world, answer) }), { kind: 'binaryUnsuitable', message });
  });
}
