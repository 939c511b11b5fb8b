// Where the program is: the caller's setting, the environment, the copy that was packed along, the search path. And where
// it is started. An editor's current folder may be a hostile project, so nothing is sought or run from there.

import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, parse } from 'node:path';

import { VaultError } from './errors';

const program = process.platform === 'win32' ? 'plugin-vault.exe' : 'plugin-vault';

export interface BinaryOptions {
  /** The user's setting: the program's whole path. Where it is set, nothing else is tried. */
  binary?: string;
  /** The program's whole path in the caller's own package; else it is sought in this one, under `bin/`. */
  packed?: string;
}

/** The program's path. Throws `binaryNotFound`, which says what to do. */
export function findBinary({ binary, packed }: BinaryOptions, env: NodeJS.ProcessEnv = process.env): string {
  if (binary) return named(binary, 'the setting');
  if (env.PLUGIN_VAULT_BIN) return named(env.PLUGIN_VAULT_BIN, 'PLUGIN_VAULT_BIN');
  const copy = packed ?? join(__dirname, '..', 'bin', `${process.platform}-${process.arch}`, program);
  // An empty or relative entry means the current folder.
  const onPath = (env.PATH ?? '').split(delimiter).filter(isAbsolute).map((folder) => join(folder, program));
  const found = [copy, ...onPath].find((path) => isAbsolute(path) && isProgram(path));
  if (found) return found;
  throw new VaultError(
    'binaryNotFound',
    'plugin-vault is not installed: put it on PATH, or name it in the setting or in PLUGIN_VAULT_BIN.',
  );
}

/** The folder in which the program is started: the user's own, or the root where there is none. */
export function workingFolder(): string {
  const home = homedir();
  return isAbsolute(home) && statSync(home, { throwIfNoEntry: false })?.isDirectory() ? home : parse(process.execPath).root;
}

function named(path: string, by: string): string {
  if (!isAbsolute(path)) {
    throw new VaultError('binaryNotFound', `${by} names ${path}, which depends on the current folder: name the whole path.`);
  }
  if (isProgram(path)) return path;
  throw new VaultError('binaryNotFound', `${by} names ${path}, which is not a program: correct it or clear it.`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
