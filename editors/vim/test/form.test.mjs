// The form of the Vim script: vint finds nothing.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

test('vint finds nothing', () => {
  const folder = join(import.meta.dirname, '..');
  // types.vim is generated, and Vim9 script, which vint does not know.
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.vim') && !name.endsWith('types.vim'));
  execFileSync(process.env.VINT, ['--style-problem', ...files], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
});
