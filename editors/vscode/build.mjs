// Bundles the extension: one file for the extension host on Node, one for the extension host in the web.

import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const common = {
  bundle: true,
  format: 'cjs',
  external: ['vscode'],
  // The source of the Node binding.
  alias: { 'plugin-vault': here('../node/src/index.ts') },
  // A CommonJS module has `__filename` instead.
  define: { 'import.meta.url': 'undefined' },
  legalComments: 'eof',
  logLevel: 'warning',
  absWorkingDir: here('.'),
};

await build({ ...common, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', platform: 'node', target: 'node20' });
await build({ ...common, entryPoints: ['src/web.ts'], outfile: 'dist/web.js', platform: 'browser', target: 'es2022' });
