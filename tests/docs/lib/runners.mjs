// Runs a code block as a reader would: in an empty home folder, with the program in PATH.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { shownBy, top } from './blocks.mjs';

const program = process.env.PLUGIN_VAULT_BIN ?? 'plugin-vault';
const here = join(top, 'tests', 'docs');

/** The variable in which the pages have the recipient of an encrypted file. */
const recipient = 'age1l6a8kr45heqy55h899wuqd9ace7fm76u3r7e7h9pd8k4exwqrseq9gkw5q';

/** A folder with a home, the program, and programs that stand in for those that need an account or a desktop. */
export function newPlace() {
  const folder = mkdtempSync(join(tmpdir(), 'vault-docs-'));
  for (const name of ['home', 'bin']) mkdirSync(join(folder, name), { mode: 0o700 });
  symlinkSync(program, join(folder, 'bin', 'plugin-vault'));
  const path = [join(folder, 'bin'), join(here, 'programs'), process.env.PATH].join(':');
  const { TERM: _, ...env } = process.env;
  for (const name of Object.keys(env)) if (/^(XDG_|PLUGIN_VAULT_|CONFORMANCE)/.test(name)) delete env[name];
  const home = join(folder, 'home');
  return { folder, home, env: { ...env, HOME: home, PATH: path, RECIPIENT: recipient } };
}

/** Runs a program in a place; returns what it printed. */
export function run(place, command, args, options = {}) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd: place.home,
    env: { ...place.env, ...options.env },
    input: options.input ?? '',
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status ?? signal}:\n${stdout}${stderr}`);
  return { stdout, stderr };
}

/** Writes a block into a file of the place. */
function written(place, name, code) {
  const path = join(place.folder, name);
  writeFileSync(path, code);
  return path;
}

/** Fails if a command fails, also in the middle of a pipe. */
export const sh = (place, code) => run(place, 'bash', ['-euo', 'pipefail', written(place, 'block.sh', code)]).stdout;

/** One JSON text, or several, one a line. */
const json = (_, code) => {
  const isOne = /^[\[{]\s*$/m.test(code.split('\n', 1)[0]);
  for (const text of isOne ? [code] : code.trim().split('\n')) JSON.parse(text);
  return '';
};

/** Requests, one a line, as the program reads them. */
const jsonl = (place, code) => run(place, 'plugin-vault', [], { input: code }).stdout;

/** A package of this repository, or of the tests, under the name that a reader installs. */
function link(place, name, target) {
  const path = join(place.folder, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) symlinkSync(target, path);
}

function js(place, code) {
  link(place, 'plugin-vault', join(top, 'editors', 'node'));
  const clients = createRequire(join(top, 'tests', 'clients', 'node', 'package.json'));
  link(place, 'vscode-jsonrpc', join(dirname(clients.resolve('vscode-jsonrpc-10/node')), '..', '..'));
  link(place, 'keytar', join(here, 'modules', 'keytar'));
  const file = written(place, /^import /m.test(code) ? 'block.mjs' : 'block.cjs', code);
  return run(place, process.execPath, [file]).stdout;
}

const python = (place, code) =>
  run(place, 'python3', [written(place, 'block.py', code)], { env: { PYTHONPATH: join(top, 'editors', 'python', 'src') } }).stdout;

/** The editor waits until the block has printed as many lines as it shows: its callbacks run later. */
function lua(place, code) {
  const count = shownBy(code).length;
  const file = written(place, 'block.lua', code);
  const start = written(
    place,
    'start.lua',
    `vim.opt.runtimepath:prepend(${JSON.stringify(join(top, 'editors', 'neovim'))})
local printed = 0
print = function(...)
  io.stdout:write(table.concat(vim.tbl_map(tostring, { ... }), "\\t"), "\\n")
  printed = printed + 1
end
dofile(${JSON.stringify(file)})
assert(vim.wait(30000, function() return printed >= ${count} end, 5), "the block printed less than it shows")
`,
  );
  return run(place, 'nvim', ['--headless', '-u', 'NONE', '-i', 'NONE', '-n', '--cmd', `luafile ${start}`, '+qa!']).stdout;
}

/** The editor has no terminal, so its messages go into a file. */
function vim(place, code) {
  const file = written(place, 'block.vim', code);
  const out = join(place.folder, 'printed');
  const start = written(
    place,
    'start.vim',
    `set nocompatible
let &runtimepath = ${JSON.stringify(join(top, 'editors', 'vim'))} .. ',' .. &runtimepath
redir! > ${out}
try
  silent source ${file}
catch
  redir END
  cquit
endtry
redir END
qa!
`,
  );
  run(place, 'vim', ['-u', 'NONE', '-i', 'NONE', '-n', '-es', '-S', start]);
  return run(place, 'cat', [out]).stdout.replace(/^\n/, '');
}

/** Emacs in batch mode is ended by a write to a process that has ended, unless that signal is ignored. */
function elisp(place, code) {
  const file = written(place, 'block.el', `;;; -*- lexical-binding: t -*-\n${code}`);
  const command = 'trap "" PIPE; exec emacs "$@"';
  return run(place, 'sh', ['-c', command, 'sh', '-Q', '--batch', '-L', join(top, 'editors', 'emacs'), '-l', file]).stdout;
}

/** How each language is run. A block in another one needs a marker. */
export const runners = { sh, json, jsonl, js, python, lua, vim, elisp };
