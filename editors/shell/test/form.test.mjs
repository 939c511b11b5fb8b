// The form of the scripts, and what the README shows of them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = join(import.meta.dirname, '..');
const SCRIPTS = ['kakoune/commands.sh', 'bash/plugin-vault.bash'];
const run = (program, ...args) => execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });

test('shellcheck and shfmt find nothing', () => {
  run('shellcheck', ...SCRIPTS);
  run('shfmt', '-i', '2', '-ci', '-d', ...SCRIPTS);
});

test('fish and zsh find nothing', () => {
  run('fish_indent', '--check', 'fish/plugin-vault.fish');
  run('zsh', '-f', '-n', 'zsh/plugin-vault.zsh');
});

test('the README shows the tested examples', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const shows = (language, text) => assert.ok(readme.includes(`\`\`\`${language}\n${text}\`\`\`\n`), `README.md does not show:\n${text}`);
  // Without the comment of the file.
  shows('kak', readFileSync(join(folder, 'test', 'example.kak'), 'utf8').split('\n').slice(1).join('\n'));
  shows('lua', readFileSync(join(folder, 'micro', 'init.lua'), 'utf8'));
  shows('toml', readFileSync(join(folder, 'helix', 'config.toml'), 'utf8'));
});
