// The command `plugin-vault` of the npm package. `pack` copies the program of a system out of the package plugin-vault-bin, for the
// package of an extension. All other arguments are those of the program.

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { findBinary, programsFolder } from './binary';

const USAGE = 'Usage: npx plugin-vault pack --target SYSTEM DIR, where SYSTEM is for example linux-x64';

/** Copies the program, and returns its path. */
function pack(args: string[]): string {
  const at = args.indexOf('--target');
  const [target] = at < 0 ? [] : args.splice(at, 2).slice(1);
  const [folder, ...others] = args;
  if (target === undefined || folder === undefined || others.length > 0) throw new Error(USAGE);
  const programs = programsFolder();
  if (programs === undefined) throw new Error('The package plugin-vault-bin is not installed. Run npm install --save-dev plugin-vault-bin.');
  const systems = readdirSync(programs).sort();
  // Node has one name for all kinds of Linux, and the program under that name runs on all of them.
  const system = target.replace(/^alpine-/, 'linux-');
  if (!systems.includes(system)) throw new Error(`plugin-vault-bin has no program for this target. It has ${systems.join(', ')}.`);
  const name = target.startsWith('win32-') ? 'plugin-vault.exe' : 'plugin-vault';
  const copy = join(resolve(folder), name);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(programs, system, name), copy);
  chmodSync(copy, 0o755);
  return copy;
}

try {
  const [command, ...args] = process.argv.slice(2);
  if (command === 'pack') {
    process.stdout.write(`${pack(args)}\n`);
  } else {
    const { status, signal } = spawnSync(findBinary({}), process.argv.slice(2), { stdio: 'inherit', windowsHide: true });
    process.exitCode = status ?? (signal ? 1 : 0);
  }
} catch (error) {
  process.stderr.write(`plugin-vault: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
