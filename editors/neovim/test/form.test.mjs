// The form of the Lua files: luacheck and stylua find nothing.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = join(import.meta.dirname, '..');
// types.lua is generated.
const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.lua') && !name.endsWith('types.lua'));

test('luacheck finds nothing', () => {
  assert.ok(files.length > 12);
  execFileSync('luacheck', ['--quiet', ...files], { cwd: folder, encoding: 'utf8' });
});

test('stylua changes nothing', () => {
  const { Config, IndentType, OutputVerification, formatCode } = createRequire(import.meta.url)(process.env.STYLUA);
  for (const name of files) {
    // As in stylua.toml. A call consumes it.
    const config = Config.new();
    config.column_width = 128;
    config.indent_type = IndentType.Spaces;
    config.indent_width = 4;
    const text = readFileSync(join(folder, name), 'utf8');
    assert.equal(formatCode(text, config, undefined, OutputVerification.None), text, name);
  }
});
