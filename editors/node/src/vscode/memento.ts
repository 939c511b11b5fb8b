// A `vscode.Memento` in the vault. Its `get` is synchronous, so the whole memento is in memory and follows other windows' changes.

import type { VaultMemento } from './api';
import type { Entries } from './entries';

export interface LoadedMemento {
  memento: VaultMemento;
  /** Stores a value unless the key has one already. */
  offer(key: string, value: unknown): Promise<void>;
}

interface Held {
  /** As JSON text, so that callers never share an object. Absent if the entry was deleted. */
  text?: string;
  revision: number;
}

export async function memento(entries: Entries, onEnd: (end: () => void) => void): Promise<LoadedMemento> {
  const held = new Map<string, Held>();
  /** The number of updates in progress, by key. Another window's change to that key is read after they are done. */
  const underWay = new Map<string, number>();
  const missed = new Map<string, number>();

  const load = async (key: string, revision: number): Promise<void> => {
    const entry = await entries.get(key);
    if (underWay.has(key)) return void missed.set(key, revision);
    const now = entry?.revision ?? revision;
    if (now < (held.get(key)?.revision ?? 0)) return;
    held.set(key, { text: entry && JSON.stringify(entry.value), revision: now });
  };

  const onChange = (key: string, revision: number): void => {
    if (underWay.has(key)) missed.set(key, revision);
    // If the read fails, the watch reports the change again after the sidecar was restarted.
    else if (revision > (held.get(key)?.revision ?? 0)) void load(key, revision).catch(() => {});
  };

  const settle = async (key: string): Promise<void> => {
    const left = underWay.get(key)! - 1;
    if (left > 0) return void underWay.set(key, left);
    underWay.delete(key);
    const revision = missed.get(key);
    missed.delete(key);
    if (revision !== undefined) await load(key, revision);
  };

  // The watch starts first, so that no change is missed between the two.
  onEnd(await entries.watch(onChange));
  await Promise.all([...(await entries.keys())].map(([key, revision]) => load(key, revision)));

  const memento: VaultMemento = {
    keys: () => [...held].filter(([, { text }]) => text !== undefined).map(([key]) => key),
    get<T>(key: string, otherwise?: T) {
      const text = held.get(key)?.text;
      return text === undefined ? otherwise : (JSON.parse(text) as T);
    },
    async update(key, value) {
      const text = value === undefined ? undefined : JSON.stringify(value);
      const before = held.get(key)?.revision ?? 0;
      underWay.set(key, (underWay.get(key) ?? 0) + 1);
      held.set(key, { text, revision: before });
      try {
        const revision = text === undefined ? await entries.delete(key) : await entries.set(key, JSON.parse(text));
        const now = held.get(key)!;
        held.set(key, { ...now, revision: Math.max(now.revision, revision) });
      } catch (error) {
        // Restores the value that the vault has.
        missed.set(key, before);
        throw error;
      } finally {
        await settle(key).catch(() => {});
      }
    },
    setKeysForSync() {},
  };
  return {
    memento,
    async offer(key, value) {
      const revision = await entries.offer(key, value);
      if (revision === undefined) await load(key, 0);
      else if (revision > (held.get(key)?.revision ?? 0)) held.set(key, { text: JSON.stringify(value), revision });
    },
  };
}
