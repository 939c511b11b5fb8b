// The choice between several programs. The first one is used. Only if a later version has written the store, the newest other one is.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { findBinaries, workingFolder, type BinaryOptions } from './binary';

/** Milliseconds for the answer to `--version`. */
const TIMEOUT = 10_000;

export class Programs {
  #options: BinaryOptions;
  #chosen: string | undefined;
  #tried = new Set<string>();

  constructor(options: BinaryOptions) {
    this.#options = options;
  }

  /** The program to start. Searched for at each start: an update may have moved it. */
  current(): string {
    return this.#chosen ?? findBinaries(this.#options)[0];
  }

  /** Chooses the newest program that was not used yet. Returns whether there is one. */
  async chooseNewest(): Promise<boolean> {
    this.#tried.add(this.current());
    const others = findBinaries(this.#options).filter((path) => !this.#tried.has(path));
    const versions = await Promise.all(others.map(async (path) => ({ path, version: await versionOf(path) })));
    const [newest] = versions.sort((one, other) => compare(other.version, one.version));
    if (newest) this.#chosen = newest.path;
    return newest !== undefined;
  }
}

/** The three numbers of the version; zeros if the program does not tell. */
async function versionOf(path: string): Promise<number[]> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { cwd: workingFolder(), timeout: TIMEOUT, windowsHide: true });
    const [, ...numbers] = /^plugin-vault (\d+)\.(\d+)\.(\d+)/.exec(stdout) ?? [];
    return numbers.length === 3 ? numbers.map(Number) : [0, 0, 0];
  } catch {
    return [0, 0, 0];
  }
}

function compare(one: number[], other: number[]): number {
  const at = one.findIndex((number, index) => number !== other[index]);
  return at < 0 ? 0 : one[at] - other[at];
}
