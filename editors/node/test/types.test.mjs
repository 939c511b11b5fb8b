// The types of the package, in projects that resolve modules in different ways.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import { installPackage, source } from './installed.mjs';

const { project } = installPackage();

const require = createRequire(import.meta.url);
const tsc = require.resolve('typescript/package.json').replace('package.json', 'bin/tsc');
const WITH_NODE = ['--typeRoots', join(source, 'node_modules', '@types'), '--types', 'node'];
// Since TypeScript 6 a project has no types that it does not name.
const WITHOUT_NODE = [];
/** How a project resolves modules, whether it has the types of Node, and the kinds of files. */
const projects = [
  ['node16', ['--module', 'node16'], WITH_NODE, ['mts', 'cts']],
  ['node16 without the types of Node', ['--module', 'node16'], WITHOUT_NODE, ['mts', 'cts']],
  ['node10', ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'], WITH_NODE, ['ts']],
  ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler'], WITHOUT_NODE, ['ts']],
];
for (const [name, module, types, kinds_] of projects) {
  test(`the types accept right calls and refuse wrong ones, with ${name}`, () => {
    const text = readFileSync(join(import.meta.dirname, 'types.ts'), 'utf8');
    const withSignal = types === WITH_NODE ? 'AbortSignal.timeout(1)' : '{ aborted: false }';
    const files = kinds_.map((kind) => `types-${name.replaceAll(' ', '-')}.${kind}`);
    for (const file of files) writeFileSync(join(project, file), text.replace('AbortSignal.timeout(1)', withSignal));
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022', ...module, ...types];
    const { stdout } = spawnSync(process.execPath, [tsc, ...options, ...files], { cwd: project, encoding: 'utf8' });
    assert.equal(stdout, '');
  });
}

test('the types for extensions of VS Code accept right calls and refuse wrong ones', () => {
  cpSync(join(import.meta.dirname, 'vscode-types.ts'), join(project, 'extension.cts'));
  const types = [...WITH_NODE.slice(0, -1), 'node,vscode'];
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022', '--module', 'node16', ...types];
  const { stdout } = spawnSync(process.execPath, [tsc, ...options, 'extension.cts'], { cwd: project, encoding: 'utf8' });
  assert.equal(stdout, '');
});
