// Finds the program: the caller's setting, the environment, the copy in the caller's package, the package plugin-vault-bin, the search
// path. Also chooses the folder in which it starts. An editor's current folder may be a hostile project, so no program is taken from
// there or started there.

import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, parse, sep } from 'node:path';

import { VaultError } from './errors';
import { thisFile } from './here';

const program = process.platform === 'win32' ? 'plugin-vault.exe' : 'plugin-vault';
/** The name of this system in the package plugin-vault-bin, as in Visual Studio Code. */
const system = `${process.platform}-${process.arch}`;

export interface BinaryOptions {
  /** The user's setting: the program's absolute path. If it is set, no other place is tried. */
  binary?: string;
  /** The name of that setting, for error messages: for example `my-extension.vaultPath`. */
  binarySetting?: string;
  /** The program's absolute path in the caller's own package, where `npx plugin-vault pack` has put it. */
  packed?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The program's path. Throws `binaryNotFound`, whose message says what to do. */
export function findBinary(options: BinaryOptions, env: Environment = process.env): string {
  return findBinaries(options, env)[0];
}

/** All programs, in the order in which they are to be tried; at least one. */
export function findBinaries(options: BinaryOptions, env: Environment = process.env): [string, ...string[]] {
  const { binary, binarySetting = 'the option binary', packed } = options;
  if (binary) return [named(binary, binarySetting)];
  if (env.PLUGIN_VAULT_BIN) return [named(env.PLUGIN_VAULT_BIN, 'the variable PLUGIN_VAULT_BIN')];
  // An empty or relative entry means the current folder. npm adds the folders of packages, whose `plugin-vault` is this package's.
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder) && !folder.includes(`node_modules${sep}`));
  const places = [packed, ofPackage(), ...folders.map((folder) => join(folder, program))];
  const absolute = places.filter((path) => path !== undefined && isAbsolute(path)) as string[];
  const [first, ...others] = absolute.filter((path) => problem(path) === undefined);
  if (first) return [first, ...new Set(others)];
  // A copy that is there and can't be used is the reason, and not that there is none.
  const copy = absolute.find((path) => stat(path));
  if (copy) throw notFound(`${copy} ${problem(copy)}`);
  throw notFound(
    'plugin-vault is not installed. Install the npm package plugin-vault-bin, or put the program on PATH, ' +
      `or name its absolute path in ${binarySetting} or in the variable PLUGIN_VAULT_BIN.`,
  );
}

/** The program of this system in the package plugin-vault-bin, if that is installed where Node looks for packages. */
function ofPackage(): string | undefined {
  const programs = programsFolder();
  return programs && join(programs, system, program);
}

/** The folder of the package plugin-vault-bin with a folder for each system. */
export function programsFolder(): string | undefined {
  const file = thisFile();
  if (file === undefined) return undefined;
  const { root } = parse(file);
  for (let folder = dirname(file); folder !== root; folder = dirname(folder)) {
    const programs = join(folder, 'node_modules', 'plugin-vault-bin', 'bin');
    if (stat(programs)) return programs;
  }
  return undefined;
}

/** The folder in which the program starts: the user's home folder, or the root if there is none. */
export function workingFolder(): string {
  const home = homedir();
  return isAbsolute(home) && stat(home)?.isDirectory() ? home : parse(process.execPath).root;
}

function named(path: string, by: string): string {
  if (!isAbsolute(path)) {
    throw notFound(`${path}, which ${by} names, depends on the current folder. Use an absolute path.`);
  }
  const why = problem(path);
  if (why) throw notFound(`${path}, which ${by} names, ${why} Or clear ${by}.`);
  return path;
}

function notFound(message: string): VaultError {
  return new VaultError('binaryNotFound', message);
}

/** Why the path is no program, and what to do: the end of a sentence, and another sentence. */
function problem(path: string): string | undefined {
  const found = stat(path);
  if (!found) return 'does not exist. Correct the path, or install plugin-vault there.';
  if (!found.isFile()) return 'is not a file. Correct the path.';
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return 'may not be executed: unpacking or copying has lost its permission. Run chmod +x on it, or install it again.';
  }
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
