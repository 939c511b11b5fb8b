// Finds the program: the caller's setting, the environment, the copy in the caller's package, the search path. Also chooses
// the folder in which it starts. An editor's current folder may be a hostile project, so no program is taken from there or
// started there.

import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, parse } from 'node:path';

import { VaultError } from './errors';

const program = process.platform === 'win32' ? 'plugin-vault.exe' : 'plugin-vault';

export interface BinaryOptions {
  /** The user's setting: the program's absolute path. If it is set, no other place is tried. */
  binary?: string;
  /** The program's absolute path in the caller's own package. By default this package's `bin/` is searched. */
  packed?: string;
}

/** The program's path. Throws `binaryNotFound`, whose message says what to do. */
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
    'plugin-vault is not installed. Put it on PATH, or name it in the setting or in PLUGIN_VAULT_BIN.',
  );
}

/** The folder in which the program starts: the user's home folder, or the root if there is none. */
export function workingFolder(): string {
  const home = homedir();
  return isAbsolute(home) && statSync(home, { throwIfNoEntry: false })?.isDirectory() ? home : parse(process.execPath).root;
}

function named(path: string, by: string): string {
  if (!isAbsolute(path)) {
    throw new VaultError('binaryNotFound', `${by} names ${path}, which depends on the current folder. Use an absolute path.`);
  }
  if (isProgram(path)) return path;
  throw new VaultError('binaryNotFound', `${by} names ${path}, which is not a program. Correct it or clear it.`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
