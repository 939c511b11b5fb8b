// Who is told of changes: any number of listeners on one watch of the vault's, which survives the vault's end.

import type { DidChange } from './wire';

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

class Listener {
  revision: number;
  constructor(
    readonly tell: ChangeListener,
    since: number,
  ) {
    this.revision = since;
  }
}

type Ask = (method: string, params: object) => Promise<unknown>;

export class Watches {
  #listeners = new Set<Listener>();

  get any(): boolean {
    return this.#listeners.size > 0;
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** Begins a watch, and `stop` ends it with the last listener. */
  async add(ask: Ask, tell: ChangeListener, since: number | undefined, stop: () => Promise<void>): Promise<Watch> {
    const listener = new Listener(tell, since ?? 0);
    // From here on, so that no notice falls between the answer and the listener.
    this.#listeners.add(listener);
    try {
      const { revision } = (await ask('watchPersistentData', { since })) as { revision: number };
      listener.revision = Math.max(listener.revision, since ?? revision);
    } catch (error) {
      this.#listeners.delete(listener);
      throw error;
    }
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

  /**
   * Goes on, with a vault that was started again, from where the listener was that was told least; or, with a key that
   * replaces a revoked one, from now.
   */
  async resume(ask: Ask, anew: boolean): Promise<void> {
    if (!this.any) return;
    const since = Math.min(...[...this.#listeners].map((listener) => listener.revision));
    const { revision } = (await ask('watchPersistentData', anew ? {} : { since })) as { revision: number };
    if (anew) this.tell({ revision, resync: true });
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
