// Installs the npm packages that `editors/pack` makes, as editors/README.md and editors/node/programs/README.md show it, in an
// empty folder, without another program. The tests of editors/vscode
// install the extension that it makes.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { binary, vaultTest } from './node/test/world.mjs';
import { forPackage } from './readme.mjs';

const here = import.meta.dirname;
const pack = (program, folder, which) => spawnSync(join(here, 'pack'), [program, folder, which], { encoding: 'utf8' });
/** The links of a text that are neither addresses nor headings, without the heading behind them. */
const links = (text) => [...text.matchAll(/\]\((?!\w+:|#)([^)\s#]+)/g)].map(([, target]) => target);
const version = (name, folder) => JSON.parse(readFileSync(join(here, folder, 'package.json'), 'utf8')).devDependencies[name];

vaultTest('the npm packages contain the programs, and need nothing else', async (world) => {
  const out = join(world.top, 'out');
  // A program from another machine.
  mkdirSync(join(out, 'bin', 'plan9-mips'), { recursive: true });
  writeFileSync(join(out, 'bin', 'plan9-mips', 'plugin-vault'), '');
  const stripped = join(world.top, 'plugin-vault');
  execFileSync('strip', ['-o', stripped, binary]);
  const { status, stderr } = pack(stripped, out, 'node');
  assert.equal(status, 0, stderr);
  const packages = readdirSync(out).filter((name) => name.endsWith('.tgz'));
  assert.deepEqual(packages, ['plugin-vault-0.1.0.tgz', 'plugin-vault-bin-0.1.0.tgz', 'plugin-vault-cloud9-0.1.0.tgz']);

  const project = join(world.top, 'project');
  mkdirSync(join(project, 'my-plugin'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{"private": true}');
  const wanted = [...packages.map((name) => join(out, name)), `architect@${version('architect', 'cloud9')}`];
  const cache = ['--cache', join(here, '..', 'tests', '.cache', 'npm'), '--prefer-offline'];
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...cache, ...wanted], { cwd: project, stdio: 'pipe' });
  const system = `${process.platform}-${process.arch}`;
  assert.deepEqual(readdirSync(join(project, 'node_modules', 'plugin-vault-bin', 'bin')).sort(), [system, 'plan9-mips'].sort());

  for (const name of ['plugin-vault', 'plugin-vault-bin', 'plugin-vault-cloud9']) {
    const folder = join(project, 'node_modules', name);
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const target of links(readme)) assert.ok(existsSync(join(folder, target)), `${name} has ${target}`);
  }
  for (const each of ['node', 'node/programs', 'cloud9', 'vscode']) {
    const readme = readFileSync(join(here, each, 'README.md'), 'utf8');
    assert.notEqual(readme, '', 'the own READMEs are back');
    assert.ok(!readme.includes('\0') && !forPackage(readme, `editors/${each}`, null).includes('](../'), each);
  }

  const { dataDir, keyDir } = world.options;
  const env = { PATH: '/nowhere', PLUGIN_VAULT_DATA_DIR: dataDir, PLUGIN_VAULT_KEY_DIR: keyDir };
  /** The first output of a program. If it still runs then, it is ended. */
  const prints = async (file) => {
    const child = spawn(process.execPath, [file], { cwd: project, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    const [printed] = await Promise.race([once(child.stdout, 'data'), closed]);
    child.kill();
    await closed;
    return String(printed);
  };
  // The code of the two READMEs.
  cpSync(join(here, 'node', 'test', 'example.mjs'), join(project, 'example.mjs'));
  cpSync(join(here, 'cloud9', 'test', 'app.js'), join(project, 'app.js'));
  cpSync(join(here, 'cloud9', 'test', 'example.js'), join(project, 'my-plugin', 'index.js'));
  assert.equal(await prints('example.mjs'), 'null\n');
  for (const start of ['first', 'second']) assert.equal(await prints('app.js'), '123\n', start);
  const command = (...args) =>
    spawnSync(join(project, 'node_modules', '.bin', 'plugin-vault'), args, { cwd: project, encoding: 'utf8', env: { ...env, PATH: process.env.PATH } });
  const copy = command('pack', '--target', system, 'vsix/bin');
  assert.equal(copy.stdout + copy.stderr, `${join(project, 'vsix', 'bin', 'plugin-vault')}\n`);
  const said = execFileSync(binary, ['--version'], { encoding: 'utf8' });
  assert.match(said, /^plugin-vault 0\.1\.0\nprotocol 1\nformat 1\ntarget \S+\ncommit \S+\n$/);
  assert.equal(execFileSync(copy.stdout.trim(), ['--version'], { encoding: 'utf8' }), said);
  assert.equal(command('--version').stdout, said, 'other arguments are those of the program');
  const forAlpine = command('pack', '--target', `alpine-${process.arch}`, 'alpine');
  assert.equal(execFileSync(forAlpine.stdout.trim(), ['--version'], { encoding: 'utf8' }), said, 'a static program is for Alpine too');
  for (const [args, message] of [
    [['pack', '--target', 'amiga-m68k', 'bin'], /no program for this target\. It has .*plan9-mips/],
    [['pack', 'bin'], /^plugin-vault: Usage: npx plugin-vault pack --target SYSTEM DIR/],
  ]) {
    const { status, stderr } = command(...args);
    assert.equal(status, 2);
    assert.match(stderr, message);
  }
  // A sidecar reads the end of its input a moment after its editor has ended.
  for (let round = 0; round < 1_000 && world.processes().length > 0; round++) await setTimeout(10);
});

test('a program of another version is not packed', () => {
  const { status, stderr } = pack('/bin/true', join(here, 'nowhere'), 'node');
  assert.deepEqual([status, stderr], [1, '/bin/true is not plugin-vault 0.1.0 for this machine\n']);
  const other = spawnSync(join(here, 'pack'), ['/bin/true', join(here, 'nowhere'), 'vsix', 'win32-x64'], { encoding: 'utf8' });
  assert.deepEqual([other.status, other.stderr], [1, '/bin/true is not plugin-vault 0.1.0 for win32-x64\n']);
});

test('a link that leaves the package goes to the repository, or becomes its text', () => {
  const text = 'See [the `[errors]` page](../README.md#errors), [api](api.d.ts), [here](#use), [there](https://example.org)\n```js\na[0](../b)\n```\n';
  const at = (repository) => forPackage(text, 'editors/node', repository).split('\n')[0];
  const rest = ', [api](api.d.ts), [here](#use), [there](https://example.org)';
  assert.equal(at(null), `See the \`[errors]\` page${rest}`);
  assert.equal(at('https://example.org/r'), `See [the \`[errors]\` page](https://example.org/r/blob/main/editors/README.md#errors)${rest}`);
  assert.ok(forPackage(text, 'editors/node', null).endsWith('```js\na[0](../b)\n```\n'), 'code stays as it is');
});
