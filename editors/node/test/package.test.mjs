// The package as npm makes it: its files, and that a new project can use it in both kinds of modules.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

import { binary } from './world.mjs';

const package_ = dirname(import.meta.dirname);
const top = mkdtempSync(join(tmpdir(), 'vault-package-'));
after(() => rmSync(top, { recursive: true, force: true }));

const run = (command, args, options = {}) => execFileSync(command, args, { cwd: top, encoding: 'utf8', ...options });

// Built before the tests: packing twice at the same time would build twice at the same time.
const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', top], { cwd: package_ }));
const project = join(top, 'project');
const installed = join(project, 'node_modules', 'plugin-vault');
mkdirSync(installed, { recursive: true });
run('tar', ['-xzf', join(top, packed.filename), '-C', installed, '--strip-components=1']);
cpSync(join(package_, 'node_modules', 'vscode-jsonrpc'), join(project, 'node_modules', 'vscode-jsonrpc'), { recursive: true });
writeFileSync(join(project, 'package.json'), '{"private": true}');

test('the package has the code, its types and its README, and nothing else', () => {
  const places = new Set(packed.files.map(({ path }) => path.split('/')[0]));
  assert.deepEqual([...places].sort(), ['README.md', 'dist', 'esm', 'package.json']);
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const { import: esm, require: cjs } of [exports['.'], exports['./fake']]) {
    for (const path of [esm.types, esm.default, cjs.types, cjs.default]) readFileSync(join(installed, path));
  }
});

const body = `
  const options = { plugin: 'me.mine', installation: 'test', temporary: true };
  openVault(options).then(async (vault) => {
    await vault.setPersistentData('user', { example: 123 });
    console.log((await vault.getPersistentData('user')).example, typeof FakeStore);
    await vault.close();
  });`;
const kinds = {
  'program.mjs': `import { openVault } from 'plugin-vault';\nimport { FakeStore } from 'plugin-vault/fake';${body}`,
  'program.cjs': `const { openVault } = require('plugin-vault');\nconst { FakeStore } = require('plugin-vault/fake');${body}`,
};
for (const [file, text] of Object.entries(kinds)) {
  test(`a project uses the package from ${file}`, () => {
    writeFileSync(join(project, file), text);
    const env = { ...process.env, PLUGIN_VAULT_BIN: binary };
    const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: project, encoding: 'utf8', env });
    assert.equal(stdout + stderr, '123 function\n');
  });
}

test('a packed copy of the program is found', () => {
  const bin = join(installed, 'bin', `${process.platform}-${process.arch}`);
  mkdirSync(bin, { recursive: true });
  cpSync(binary, join(bin, 'plugin-vault'));
  writeFileSync(join(project, 'program.cjs'), kinds['program.cjs']);
  const env = { ...process.env, PATH: '/nowhere' };
  delete env.PLUGIN_VAULT_BIN;
  const { stdout, stderr } = spawnSync(process.execPath, ['program.cjs'], { cwd: project, encoding: 'utf8', env });
  assert.equal(stdout + stderr, '123 function\n');
});

test('the types accept right calls and refuse wrong ones, in both kinds of modules', () => {
  const tsc = createRequire(import.meta.url).resolve('typescript/package.json').replace('package.json', 'bin/tsc');
  const text = readFileSync(join(import.meta.dirname, 'types.ts'), 'utf8');
  for (const name of ['types.mts', 'types.cts']) writeFileSync(join(project, name), text);
  const options = ['--noEmit', '--strict', '--module', 'node16', '--target', 'es2022', '--lib', 'es2023,esnext.disposable'];
  const typeRoots = ['--typeRoots', join(package_, 'node_modules', '@types'), '--types', 'node'];
  const { stdout } = spawnSync(process.execPath, [tsc, ...options, ...typeRoots, 'types.mts', 'types.cts'], { cwd: project, encoding: 'utf8' });
  assert.equal(stdout, '');
});

test('the README shows the tested code', () => {
  const readme = readFileSync(join(package_, 'README.md'), 'utf8');
  for (const file of ['example.mjs', 'refresh.mjs']) {
    const [, shown] = readFileSync(join(import.meta.dirname, file), 'utf8').split('// ---\n');
    assert.ok(readme.includes('```js\n' + shown + '```\n'), `a block equals test/${file} after its marker line`);
  }
});

test('the example prints what its comments say', () => {
  const env = { ...process.env, PLUGIN_VAULT_BIN: binary, PLUGIN_VAULT_DATA_DIR: join(top, 'data'), PLUGIN_VAULT_KEY_DIR: join(top, 'keys') };
  for (const expected of ['null\n', "{ token: 'abc' }\n"]) {
    const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'example.mjs')], { encoding: 'utf8', env });
    assert.equal(stdout + stderr, expected);
  }
  assert.ok(readdirSync(join(top, 'data')).includes('data.mdb'));
});
