// Who is told of changes: any number of listeners on one watch of the vault's, which survives the vault's end.

import type { DidChange, WatchEnd } from './wire';

/** A record that another window or editor wrote or deleted; or `resync`: read everything again; or `ended`: the key is gone. */
export type Change = DidChange extends infer Each ? (Each extends unknown ? Omit<Each, 'handle'> : never) : never;
export type ChangeListener = (change: Change) => void;

/** Made by `watchPersistentData`. */
export interface Watch {
  /** Up to which revision the listener was told. Kept, it is `since` for a later watch. */
  readonly revision: number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Listener {
  tell: ChangeListener;
  revision: number;
}

type Ask = (method: string, params: object) => Promise<unknown>;

export class Watches {
  #listeners = new Set<Listener>();
  #beginning = 0;

  /** Whether anybody is told, or will be once it is answered. */
  get any(): boolean {
    return this.#listeners.size + this.#beginning > 0;
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** Begins a watch, and `stop` ends it with the last listener. */
  async add(ask: Ask, tell: ChangeListener, since: number | undefined, stop: () => Promise<void>): Promise<Watch> {
    const revision = await this.#begin(ask, since);
    // Not before: what others are told until the answer comes is not told from this one's `since` on.
    const listener: Listener = { tell, revision: since ?? revision };
    this.#listeners.add(listener);
    const close = async (): Promise<void> => {
      if (this.#listeners.delete(listener) && !this.any) await stop();
    };
    return {
      get revision() {
        return listener.revision;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  async #begin(ask: Ask, since: number | undefined): Promise<number> {
    this.#beginning += 1;
    try {
      return ((await ask('watchPersistentData', { since })) as { revision: number }).revision;
    } finally {
      this.#beginning -= 1;
    }
  }

  /**
   * Goes on, with a vault that was started again, from where the listener was that was told least; or, with a key that
   * replaces a revoked one, from now.
   */
  async resume(ask: Ask, anew: boolean): Promise<void> {
    if (this.#listeners.size === 0) return;
    const since = Math.min(...[...this.#listeners].map((listener) => listener.revision));
    const { revision } = (await ask('watchPersistentData', anew ? {} : { since })) as { revision: number };
    if (anew) this.tell({ revision, resync: true });
  }

  /** The key is not good any more. */
  end(ended: WatchEnd): void {
    for (const { revision } of [...this.#listeners].slice(0, 1)) this.tell({ revision, ended });
  }

  /** Each listener is told once of each revision, though another's watch may have begun before. */
  tell(change: Change): void {
    for (const listener of [...this.#listeners]) {
      if (!('ended' in change) && change.revision <= listener.revision) continue;
      listener.revision = Math.max(listener.revision, change.revision);
      // On its own, so that one that throws keeps nothing from the others.
      queueMicrotask(() => this.#listeners.has(listener) && listener.tell(change));
    }
  }
}
