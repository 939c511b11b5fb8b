// The arguments of a method of the fake: its parameters, the caller's key, and the checks that every method makes.

import type { Address } from '../wire';
import type { Params } from './params';
import type { Client, Handle, HeldLease, KeyRow, State } from './state';

/** The arguments of a method. */
export interface Call {
  readonly state: State;
  readonly client: Client;
  readonly params: Params;
  readonly folders: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** The row of the caller's key; `undefined` if no data was stored under it. Throws if the key is not valid. */
  row(): KeyRow | undefined;
  /** The same for a write: creates the namespace if there is none. */
  begin(): KeyRow;
  handle(): Handle;
  permitWriting(row: KeyRow | undefined, place?: Address): void;
  checkLease(row: KeyRow | undefined, token: number | undefined): void;
}

/** Whether the lease excludes other holders: its process runs and it has not expired. */
export function isLive(lease: HeldLease): boolean {
  return !lease.holder.over && lease.end > performance.now();
}
