// Builds the package: types and CommonJS modules in dist/, ES modules in dist/esm/. Both kinds are complete, because a bundler can't
// put a CommonJS module that requires parts of Node into an ES module.

import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { build } from 'esbuild';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const ENTRIES = ['index', 'fake', 'mcp', 'vscode', 'vscode-fake'];

rmSync(join(here, 'dist'), { recursive: true, force: true });
const tsc = createRequire(import.meta.url).resolve('typescript/package.json').replace('package.json', 'bin/tsc');
execFileSync(process.execPath, [tsc, '-p', here], { stdio: 'inherit' });

const sources = readdirSync(join(here, 'src'), { recursive: true }).filter((name) => name.endsWith('.ts'));
const common = { absWorkingDir: here, platform: 'node', target: 'node20', logLevel: 'warning' };
await build({
  ...common,
  entryPoints: sources.map((name) => join('src', name)),
  outdir: 'dist',
  format: 'cjs',
  // A CommonJS module has `__filename` instead.
  define: { 'import.meta.url': 'undefined' },
});
await build({
  ...common,
  entryPoints: ENTRIES.map((name) => join('src', `${name}.ts`)),
  outdir: 'dist/esm',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  external: ['vscode'],
});
// For the extension host of the web, where Node's modules are missing.
await build({
  ...common,
  entryPoints: [join('src', 'vscode-web.ts')],
  outdir: 'dist/esm',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'browser',
  target: 'es2022',
});
for (const name of ENTRIES) writeFileSync(join(here, 'dist', 'esm', `${name}.d.mts`), `export * from '../${name}.js';\n`);

const command = join(here, 'dist', 'cli.js');
writeFileSync(command, `#!/usr/bin/env node\n${readFileSync(command, 'utf8')}`);
chmodSync(command, 0o755);
