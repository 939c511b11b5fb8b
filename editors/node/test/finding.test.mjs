// Where the program is sought, and what is said when there is none, or not the right one.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { vaultTest, World } from './world.mjs';

const { findBinary } = createRequire(import.meta.url)('../dist/binary.js');

/** A folder for each place, with a program in those that are named. */
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

quietly('the setting, the environment, the packed copy, the path: in that order', (world) => {
  const { path, env, packed } = places(world, 'setting', 'environment', 'packed', 'path');
  const named = { ...env, PLUGIN_VAULT_BIN: path('environment') };
  assert.equal(findBinary({ binary: path('setting'), packed }, named), path('setting'));
  assert.equal(findBinary({ packed }, named), path('environment'));
  assert.equal(findBinary({ packed }, env), path('packed'));
  assert.equal(findBinary({}, env), path('path'));
});

quietly('an empty setting is none, and a folder or a file that cannot be run is no program', (world) => {
  const { path, env, packed } = places(world, 'packed', 'path');
  chmodSync(path('packed'), 0o644);
  assert.equal(findBinary({ binary: '', packed }, env), path('path'));
  assert.throws(() => findBinary({ binary: world.top }, env), { kind: 'binaryNotFound' });
});

quietly('a setting that names nothing is an error, and nothing else is tried', (world) => {
  const { path, env, packed } = places(world, 'packed', 'path');
  assert.throws(() => findBinary({ binary: path('setting'), packed }, env), { kind: 'binaryNotFound', message: /the setting names/ });
  const named = { ...env, PLUGIN_VAULT_BIN: path('environment') };
  assert.throws(() => findBinary({ packed }, named), { kind: 'binaryNotFound', message: /PLUGIN_VAULT_BIN names/ });
});

/** Carries steps out in another folder, as an editor that was started in a project. */
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

vaultTest('the program runs in the home folder, and folders that are named stay where they are', async (world) => {
  const told = join(world.top, 'told');
  const program = join(world.top, 'tells');
  writeFileSync(program, `#!/bin/sh\n{ pwd -P; printf '%s\\n' "$@"; } > '${told}'\nexit 2\n`, { mode: 0o755 });
  const before = process.cwd();
  process.chdir(world.top);
  try {
    await assert.rejects(world.open({ binary: program, dataDir: 'data', keyDir: './keys' }), { kind: 'vaultEnded' });
  } finally {
    process.chdir(before);
  }
  const top = realpathSync(world.top);
  const [folder, ...args] = readFileSync(told, 'utf8').trim().split('\n');
  assert.equal(folder, realpathSync(homedir()));
  assert.deepEqual(args.slice(0, 5), ['--stdio', '--data-dir', join(top, 'data'), '--key-dir', join(top, 'keys')]);
  world.log = [];
});

quietly('without a program it is said where to put one', (world) => {
  const { env } = places(world);
  assert.throws(() => findBinary({}, env), { kind: 'binaryNotFound', message: /put it on PATH.*setting.*PLUGIN_VAULT_BIN/ });
});

vaultTest('a program that is no vault is told from a vault', async (world) => {
  for (const program of ['/bin/cat', '/bin/true', '/bin/false']) {
    await assert.rejects(world.open({ binary: program }), { kind: 'vaultEnded', message: new RegExp(program) });
  }
  world.log = [];
});

vaultTest('what it says before it ends stands in the error', async (world) => {
  const path = join(world.top, 'complains');
  writeFileSync(path, '#!/bin/sh\necho "there is no more room" >&2\nexit 2\n', { mode: 0o755 });
  await assert.rejects(world.open({ binary: path }), { kind: 'vaultEnded', message: /It said: there is no more room/ });
  world.log = [];
});

/** A program that answers `initialize` and nothing else, as versions of the vault do that are not there yet, or any more. */
function standIn(world, result) {
  const path = join(world.top, 'stand-in');
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, result });
  const answer = `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  writeFileSync(path, `#!${process.execPath}\nprocess.stdin.once('data', () => process.stdout.write(${JSON.stringify(answer)}));\n`);
  chmodSync(path, 0o755);
  return path;
}

const versions = [
  ['an older vault', { capabilities: { experimental: { pluginVault: { protocolVersion: 0 } } } }, /protocol 0: update plugin-vault/],
  ['a later vault', { capabilities: { experimental: { pluginVault: { protocolVersion: 2 } } } }, /protocol 2: update this extension/],
  ['another language server', { capabilities: {}, serverInfo: { name: 'other' } }, /other .*is not plugin-vault/],
];
for (const [what, answer, message] of versions) {
  vaultTest(`${what} is refused, and it is said what to do`, async (world) => {
    await assert.rejects(world.open({ binary: standIn(world, answer) }), { kind: 'binaryUnsuitable', message });
  });
}
