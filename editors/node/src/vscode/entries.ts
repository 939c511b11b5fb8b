// Entries under string keys, each in a separate record. Secrets and mementos consist of them. A record's data is an object with
// the value and its key, so that `null` comes back as `null`, and a key of any length is kept completely.

import { createHash } from 'node:crypto';
import { isVaultError } from '../errors';
import type { Vault } from '../vault';
import type { JsonObject, ListedRecord } from '../wire';

/** The maximum length of a record's name, in bytes. */
const nameLimit = 256;
/** The number of records in one list request: a list of all of them could be longer than a message may be. */
const pageSize = 1_000;
/** How often a write is tried if the sidecar ends during it. */
const attempts = 4;

export interface Place {
  context: 'user' | 'workspace';
  workspaceFolder?: string;
}

export interface Entry {
  value: unknown;
  revision: number;
}

/** Gets a key that another window changed, and the revision of the change. */
export type EntryListener = (key: string, revision: number) => void;

export class Entries {
  /** The entries at the last list or notice, by their record's name. After missed notices the difference is computed from them. */
  private readonly seen = new Map<string, { key: string; revision: number }>();

  /** `kind` separates entries of several kinds that share a place. */
  constructor(
    private readonly vault: Vault,
    private readonly place: Place,
    private readonly kind: string,
  ) {}

  async get(key: string): Promise<Entry | undefined> {
    const record = await this.read(this.name(key));
    return record ? { value: record.data.value, revision: record.revision } : undefined;
  }

  /** Resolves with the entry's revision when it is on the disk. `value` is any value that JSON can express. */
  async set(key: string, value: unknown, options: { ifRevision?: number } = {}): Promise<number> {
    const name = this.name(key);
    const { context, ...place } = this.place;
    const data = { key, value };
    const { revision } = await again(() => this.vault.setPersistentData(context, data, { ...place, ...options, name }));
    this.seen.set(name, { key, revision });
    return revision;
  }

  /** Stores a value unless the key has one already. Resolves with its revision, or `undefined`. */
  async offer(key: string, value: unknown): Promise<number | undefined> {
    try {
      return await this.set(key, value, { ifRevision: 0 });
    } catch (error) {
      if (!isVaultError(error, 'revisionConflict')) throw error;
      return undefined;
    }
  }

  async delete(key: string): Promise<number> {
    const name = this.name(key);
    const { context, ...place } = this.place;
    const { revision } = await again(() => this.vault.deletePersistentData(context, { ...place, name }));
    this.seen.delete(name);
    return revision;
  }

  /** Every key with its revision. */
  async keys(): Promise<Map<string, number>> {
    const keys = new Map<string, number>();
    let page: ListedRecord[] = [];
    do {
      const after = page.at(-1);
      page = await this.vault.listPersistentData({ ...this.place, limit: pageSize, ...(after && { after }) });
      for (const { name, revision } of page) {
        const key = await this.key(name);
        if (key === undefined) continue;
        keys.set(key, revision);
        this.seen.set(name!, { key, revision });
      }
    } while (page.length === pageSize);
    return keys;
  }

  /** Reports changes by other connections from now on. Returns a function that stops it. */
  async watch(listener: EntryListener): Promise<() => void> {
    const watch = await this.vault.watchPersistentData((change) => {
      if ('resync' in change) void this.compare(listener).catch(() => {});
      else if ('context' in change) void this.report(change, listener).catch(() => {});
    });
    await this.keys();
    return () => void watch.close().catch(() => {});
  }

  private async report(
    change: { context: string; workspaceFolder?: string; name?: string; revision: number; deleted: boolean },
    listener: EntryListener,
  ): Promise<void> {
    const { context, workspaceFolder } = this.place;
    const elsewhere = change.context !== context || !isSame(change.workspaceFolder, workspaceFolder);
    if (elsewhere || change.name === undefined || !change.name.startsWith(this.kind)) return;
    const key = this.seen.get(change.name)?.key ?? (await this.key(change.name));
    if (key === undefined) return;
    if (change.deleted) this.seen.delete(change.name);
    else this.seen.set(change.name, { key, revision: change.revision });
    listener(key, change.revision);
  }

  /** Reports all differences, after notices were missed. */
  private async compare(listener: EntryListener): Promise<void> {
    const before = new Map([...this.seen.values()].map(({ key, revision }) => [key, revision]));
    const now = await this.keys();
    for (const [key, revision] of before) {
      if (now.has(key)) continue;
      this.seen.delete(this.name(key));
      listener(key, revision + 1);
    }
    for (const [key, revision] of now) if (before.get(key) !== revision) listener(key, revision);
  }

  private name(key: string): string {
    const name = this.kind + key;
    const fits = Buffer.byteLength(name) <= nameLimit && Buffer.from(name).toString() === name;
    return fits ? name : `${this.kind}#${createHash('sha256').update(name, 'utf16le').digest('hex')}`;
  }

  private async key(name: string | undefined): Promise<string | undefined> {
    if (!name?.startsWith(this.kind)) return undefined;
    const known = this.seen.get(name)?.key;
    if (known !== undefined) return known;
    const key = name.slice(this.kind.length);
    if (!/^#[0-9a-f]{64}$/.test(key)) return key;
    return (await this.read(name))?.data.key as string | undefined;
  }

  private read(name: string): Promise<{ data: JsonObject; revision: number } | null> {
    const { context, ...place } = this.place;
    return this.vault.getPersistentRecord(context, { ...place, name });
  }
}

/**
 * Whether two URIs may be one folder. Notices have the canonical form of plugin-vault, and the editor has another one. Taking two
 * folders for one is harmless here, since the entry is then read from the right place.
 */
function isSame(one: string | undefined, other: string | undefined): boolean {
  const plain = (uri: string) => decodeURIComponent(uri).toLowerCase().replace(/\/+$/, '');
  return one === other || (one !== undefined && other !== undefined && plain(one) === plain(other));
}

/** Repeats a write if the sidecar ended during it. Only for writes that may be made twice. The binding repeats reads itself. */
async function again<R>(call: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === attempts || !isVaultError(error, 'outcomeUnknown')) throw error;
    }
  }
}
