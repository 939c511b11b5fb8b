// Where the binding looks for the program, and its errors if there is none or the wrong one.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { findBinary } from 'plugin-vault';

import { source } from './installed.mjs';
import { binary, vaultTest, World } from './world.mjs';

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
  assert.throws(() => findBinary({ binary: path('setting'), packed }, env), { kind: 'binaryNotFound', message: /which the option binary names, does not exist/ });
  const named = { ...env, PLUGIN_VAULT_BIN: path('environment') };
  assert.throws(() => findBinary({ packed }, named), { kind: 'binaryNotFound', message: /which the variable PLUGIN_VAULT_BIN names, does not exist/ });
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
  assert.throws(() => findBinary({}, env), { kind: 'binaryNotFound', message: /plugin-vault-bin.*PATH.*the option binary.*PLUGIN_VAULT_BIN/ });
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

quietly('a missing file, a lost permission and a folder are three messages, which name the setting', (world) => {
  const { path, env } = places(world, 'setting', 'packed');
  const refused = (options, message) => assert.throws(() => findBinary(options, env), { kind: 'binaryNotFound', message });
  const binarySetting = 'my-extension.path';
  refused({ binary: path('path'), binarySetting }, /my-extension\.path names, does not exist\. Correct the path/);
  refused({ binary: world.top, binarySetting }, /my-extension\.path names, is not a file/);
  chmodSync(path('setting'), 0o644);
  refused({ binary: path('setting'), binarySetting }, /my-extension\.path names, may not be executed.*chmod \+x/);
  chmodSync(path('packed'), 0o644);
  refused({ packed: path('packed') }, /packed\/plugin-vault may not be executed.*chmod \+x/);
});

vaultTest('programs for another processor and for another C library are two messages', async (world) => {
  const make = (name, change) => {
    const program = readFileSync(binary);
    change(program);
    writeFileSync(join(world.top, name), program, { mode: 0o755 });
    return join(world.top, name);
  };
  // The C library would hand it to the shell, which would run the second line.
  const commands = `\ntouch ${join(world.top, 'was-run')}\n`;
  const processor = make('processor', (program) => program.writeUInt16LE(22, 18) && program.fill(commands, 64, 64 + commands.length));
  const library = make('library', (program) => program.write('!', program.indexOf('/ld-') + 1));
  const refused = (program, message) => assert.rejects(world.open({ binary: program }), { kind: 'binaryUnsuitable', message });
  await refused(processor, /was made for the processor number 22.*Install plugin-vault for/);
  assert.ok(!existsSync(join(world.top, 'was-run')));
  await refused(library, /needs a C library that this system does not have.*Install plugin-vault for/);
  world.log = [];
});

quietly('the package plugin-vault-bin comes after the packed copy and before PATH, and no command of a package counts', (world) => {
  const { path, env, packed } = places(world, 'packed', 'path');
  const modules = join(source, 'node_modules', 'plugin-vault-bin');
  const [system, command] = [join(modules, 'bin', `${process.platform}-${process.arch}`), join(world.top, 'node_modules', '.bin')];
  for (const folder of [system, command]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'plugin-vault'), '', { mode: 0o755 });
  }
  try {
    assert.equal(findBinary({ packed }, env), path('packed'));
    assert.equal(findBinary({}, env), join(system, 'plugin-vault'));
  } finally {
    rmSync(modules, { recursive: true });
  }
  assert.equal(findBinary({}, { PATH: `${command}:${env.PATH}` }), path('path'));
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
