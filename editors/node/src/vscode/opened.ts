// What the storages of one vault share.

import type { Unlocking } from './unlocking';

export interface Opened {
  unlocking: Unlocking;
  /** Makes a read as the caller wants it while the store is locked: once, or when the store is unlocked. */
  read<R>(call: () => Promise<R>): Promise<R>;
  /** Disposed of at the end of the extension. */
  subscriptions: { dispose(): unknown }[];
}
