// The package as npm makes it: its files, and that a new project can use it in both kinds of modules. types.test.mjs has its types.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { installPackage, printed, source } from './installed.mjs';
import { binary, vaultTest } from './world.mjs';

const { top, project, installed, packed } = installPackage();
const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));

test('the package has the code, its types, its README and its licence, is small, and needs no other package', () => {
  const places = new Set(packed.files.map(({ path }) => path.split('/')[0]));
  assert.deepEqual([...places].sort(), ['LICENSE', 'README.md', 'dist', 'package.json']);
  assert.ok(packed.size <= 150_000, `${packed.size} bytes`);
  assert.equal(manifest.dependencies, undefined);
  const { './package.json': _, ...modules } = manifest.exports;
  for (const [name, { import: esm, require: cjs }] of Object.entries(modules)) {
    for (const path of [esm.types, esm.default, cjs.types, cjs.default]) readFileSync(join(installed, path));
    // For `moduleResolution: node10`, which reads no `exports`.
    if (name !== '.') assert.deepEqual(manifest.typesVersions['*'][name.slice(2)], [cjs.types]);
  }
});

test('the version in the code, and that of the programs, is that of the package', () => {
  const programs = JSON.parse(readFileSync(join(source, 'programs', 'package.json'), 'utf8'));
  assert.deepEqual([programs.version, manifest.peerDependencies['plugin-vault-bin']], [manifest.version, manifest.version]);
  const text = readFileSync(join(source, 'src', 'version.ts'), 'utf8');
  assert.ok(text.includes(`version = '${manifest.version}'`));
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
    assert.equal(printed(file, project), '123 function\n');
  });
  test(`${file} finds the program in plugin-vault-bin`, () => {
    const bin = join(project, 'node_modules', 'plugin-vault-bin', 'bin', `${process.platform}-${process.arch}`);
    mkdirSync(bin, { recursive: true });
    cpSync(binary, join(bin, 'plugin-vault'));
    writeFileSync(join(project, file), text);
    assert.equal(printed(file, project, { PATH: '/nowhere', PLUGIN_VAULT_BIN: '' }), '123 function\n');
  });
}

test('the README shows the tested code', () => {
  const readme = readFileSync(join(source, 'README.md'), 'utf8');
  for (const file of ['example.mjs', 'refresh.mjs', 'mcp-example.mjs', 'uninstall.cjs']) {
    const [, shown] = readFileSync(join(import.meta.dirname, file), 'utf8').split('// ---\n');
    assert.ok(readme.includes('```js\n' + shown + '```\n'), `a block equals test/${file} after its marker line`);
  }
});

test('the example prints what its comments say', () => {
  const env = { PLUGIN_VAULT_DATA_DIR: join(top, 'data'), PLUGIN_VAULT_KEY_DIR: join(top, 'keys') };
  for (const expected of ['null\n', "{ token: 'abc' }\n"]) {
    assert.equal(printed(join(import.meta.dirname, 'example.mjs'), top, env), expected);
  }
  assert.ok(readdirSync(join(top, 'data')).includes('data.mdb'));
});

vaultTest('the hook for the uninstallation destroys the data of the plugin, and of no other one', async (world) => {
  const [mine, other] = await Promise.all(['me.my-plugin', 'me.other'].map((plugin) => world.open({ plugin, installation: 'vscode' })));
  for (const vault of [mine, other]) await vault.setPersistentData('user', { n: 1 });
  const { dataDir, keyDir } = world.options;
  const hook = join(import.meta.dirname, 'uninstall.cjs');
  assert.equal(printed(hook, world.folder, { PLUGIN_VAULT_DATA_DIR: dataDir, PLUGIN_VAULT_KEY_DIR: keyDir }), '');
  const again = await world.open({ plugin: 'me.my-plugin', installation: 'vscode' });
  assert.deepEqual([await again.getPersistentData('user'), await other.getPersistentData('user')], [null, { n: 1 }]);
});
