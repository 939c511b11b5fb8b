// Listeners for changes: any number of them on one watch of the sidecar, which continues after the sidecar was restarted.

import type { DidChange, WatchEnd } from './wire';

/** A record that another window or editor wrote or deleted; or `resync`: read everything again; or `ended`: the key is gone. */
export type Change = DidChange extends infer Each ? (Each extends unknown ? Omit<Each, 'handle'> : never) : never;
export type ChangeListener = (change: Change) => void;

/** Made by `watchPersistentData`. */
export interface Watch {
  /** The revision up to which the listener got the changes. A later watch can use it as `since`. */
  readonly revision: number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Listener {
  notify: ChangeListener;
  revision: number;
}

type Ask = (method: string, params: object) => Promise<unknown>;

export class Watches {
  #listeners = new Set<Listener>();
  #beginning = 0;

  /** Whether there is a listener, or a request for a watch that is not answered yet. */
  get any(): boolean {
    return this.#listeners.size + this.#beginning > 0;
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** Begins a watch. `stop` ends it after the last listener is removed. */
  async add(ask: Ask, notify: ChangeListener, since: number | undefined, stop: () => Promise<void>): Promise<Watch> {
    const revision = await this.#begin(ask, since);
    // Added only now: notices that other listeners get before the answer are not those from this listener's `since` on.
    const listener: Listener = { notify, revision: since ?? revision };
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
   * Continues after a restart of the sidecar, from the lowest revision of all listeners. With a key that was created after the
   * old one was revoked, continues from now.
   */
  async resume(ask: Ask, created: boolean): Promise<void> {
    if (this.#listeners.size === 0) return;
    const since = Math.min(...[...this.#listeners].map((listener) => listener.revision));
    const { revision } = (await ask('watchPersistentData', created ? {} : { since })) as { revision: number };
    if (created) this.notify({ revision, resync: true });
  }

  /** Reports that the key is no longer valid. */
  end(ended: WatchEnd): void {
    for (const { revision } of [...this.#listeners].slice(0, 1)) this.notify({ revision, ended });
  }

  /** Calls each listener once for each revision, also if another listener's watch began earlier. */
  notify(change: Change): void {
    for (const listener of [...this.#listeners]) {
      if (!('ended' in change) && change.revision <= listener.revision) continue;
      listener.revision = Math.max(listener.revision, change.revision);
      // In a task of its own, so that a listener that throws does not stop the others.
      queueMicrotask(() => this.#listeners.has(listener) && listener.notify(change));
    }
  }
}
