// The package bundled into one file, as authors of extensions do it: with esbuild, webpack and rollup, in both kinds of modules.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'node:test';

import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import webpack from 'webpack';

import { installPackage, printed } from './installed.mjs';

const { top, project, installed } = installPackage();

const entry = join(project, 'extension.mjs');
writeFileSync(
  entry,
  `import { isVaultError, openVault } from 'plugin-vault';
   import { FakeStore } from 'plugin-vault/fake';
   const key = { plugin: 'me.mine', installation: 'test' };
   async function main() {
     const fake = await new FakeStore().openVault(key);
     await fake.setPersistentData('user', { n: 1 });
     const vault = await openVault({ ...key, temporary: true });
     await vault.setPersistentData('user', { n: 2 });
     const conflict = await vault.setPersistentData('user', {}, { ifRevision: 0 }).catch((error) => error);
     console.log(await fake.getPersistentData('user'), await vault.getPersistentData('user'), isVaultError(conflict, 'revisionConflict'));
     await vault.close();
   }
   main();`,
);

/** Each makes one file of the entry, without a warning. */
const bundlers = {
  async esbuild(format, outfile) {
    const { warnings } = await esbuild.build({ entryPoints: [entry], bundle: true, platform: 'node', format, outfile, logLevel: 'silent' });
    assert.deepEqual(warnings, []);
  },
  async webpack(format, outfile) {
    const esm = format === 'esm';
    const stats = await promisify(webpack)({
      mode: 'production',
      target: 'node20',
      entry,
      output: { path: join(outfile, '..'), filename: outfile.split('/').at(-1), module: esm, library: { type: esm ? 'module' : 'commonjs2' } },
      experiments: { outputModule: esm },
    });
    assert.equal(stats.toString({ all: false, errors: true, warnings: true }), '');
  },
  async rollup(format, file) {
    const warnings = [];
    const plugins = [nodeResolve({ preferBuiltins: true })];
    const bundle = await rollup({ input: entry, plugins, external: /^node:/, onwarn: ({ message }) => warnings.push(message) });
    await bundle.write({ file, format, inlineDynamicImports: true });
    await bundle.close();
    assert.deepEqual(warnings, []);
  },
};

for (const [name, bundle] of Object.entries(bundlers)) {
  for (const format of ['cjs', 'esm']) {
    test(`one file made by ${name} for ${format} works in any folder, and finds the package with the program`, async () => {
      // Deeper than this package, and with nothing beside it but the program.
      const folder = join(top, `${name}-${format}`, 'a', 'b', 'c');
      const outfile = join(folder, format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs');
      mkdirSync(folder, { recursive: true });
      await bundle(format, outfile);
      assert.equal(printed(outfile, '/'), '{ n: 1 } { n: 2 } true\n');
    });
  }
}

test('one file that requires the package works too', async () => {
  const source = join(project, 'extension.cjs');
  writeFileSync(source, `const { openVault } = require('plugin-vault'); require('plugin-vault/fake'); console.log(typeof openVault);`);
  const outfile = join(top, 'required.cjs');
  const { warnings } = await esbuild.build({ entryPoints: [source], bundle: true, platform: 'node', outfile, logLevel: 'silent' });
  assert.deepEqual(warnings, []);
  cpSync(installed, join(top, 'moved'), { recursive: true });
  assert.equal(printed(outfile, '/'), 'function\n');
});

test('an extension is one file, and its bundle for the web has no module of Node', async () => {
  const source = join(project, 'vscode-extension.cjs');
  writeFileSync(source, `const { openVault } = require('plugin-vault/vscode'); console.log(typeof openVault);`);
  const outfile = join(top, 'vscode', 'extension.cjs');
  for (const platform of ['node', 'browser']) {
    const { warnings, metafile } = await esbuild.build({
      entryPoints: [source], bundle: true, platform, format: 'cjs', external: ['vscode'], outfile, metafile: true, logLevel: 'silent',
    });
    assert.deepEqual(warnings, []);
    const isOfNode = ({ path }) => path.startsWith('node:');
    assert.equal(Object.values(metafile.outputs).some(({ imports }) => imports.some(isOfNode)), platform === 'node');
    // In the editor's place.
    mkdirSync(join(top, 'vscode', 'node_modules', 'vscode'), { recursive: true });
    writeFileSync(join(top, 'vscode', 'node_modules', 'vscode', 'index.js'), '');
    assert.equal(printed(outfile, '/'), 'function\n');
  }
});
