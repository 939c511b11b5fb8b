// The package as npm makes it, installed in a project of its own.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';

export const source = dirname(import.meta.dirname);

/** The folder of the project, that of the package in it, and what `npm pack` reports. Removed after the tests of the file. */
export function installPackage() {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'vault-package-')));
  after(() => rmSync(top, { recursive: true, force: true }));
  const run = (command, args, cwd) => execFileSync(command, args, { cwd, encoding: 'utf8' });
  // Built before the tests: packing twice at the same time would build twice at the same time.
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', top], source));
  const project = join(top, 'project');
  const installed = join(project, 'node_modules', 'plugin-vault');
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', join(top, packed.filename), '-C', installed, '--strip-components=1'], top);
  writeFileSync(join(project, 'package.json'), '{"private": true}');
  return { top, project, installed, packed };
}

/** What a program prints, on both streams. */
export function printed(file, cwd, env = {}) {
  const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
  return stdout + stderr;
}
