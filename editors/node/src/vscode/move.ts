// Moves secrets or state from the editor's storage into the vault. It stores all values, reads all of them back, and only then deletes
// them in the editor's storage. At every moment each value is in at least one of the two places. The editor keeps its storage on the
// user's own machine, for all windows. So a remote window copies the values and never deletes them: the desktop and the other
// remote machines still need them, and so does this machine after it was rebuilt.

import { isDeepStrictEqual } from 'node:util';

import type { Moved } from './api';

export interface Source {
  /** Not in every version of the editor. */
  keys?(): Thenable<readonly string[]> | readonly string[];
  get(key: string): unknown;
  delete(key: string): Thenable<void>;
}

export interface Target {
  /** Stores a value unless the key has one already. */
  offer(key: string, value: unknown): Promise<void>;
  /** The stored value. */
  get(key: string): Promise<unknown>;
}

/** With `copies`, deletes nothing. */
export async function move(from: Source, to: Target, keys: readonly string[] | undefined, copies: boolean): Promise<Moved> {
  const wanted = keys ?? (await from.keys?.());
  if (!wanted) throw new TypeError('This editor can’t list its secrets. Pass their keys.');
  const offered = new Map<string, unknown>();
  for (const key of wanted) {
    const value = await from.get(key);
    if (value === undefined) continue;
    // As JSON expresses it: the editor's state may have members that are `undefined`.
    const plain = JSON.parse(JSON.stringify(value)) as unknown;
    await to.offer(key, plain);
    offered.set(key, plain);
  }
  const result: Moved = { moved: [], copied: [], differing: [] };
  for (const [key, value] of offered) {
    const isThere = isDeepStrictEqual(await to.get(key), value);
    result[isThere ? (copies ? 'copied' : 'moved') : 'differing'].push(key);
  }
  for (const key of result.moved) await from.delete(key);
  return result;
}
