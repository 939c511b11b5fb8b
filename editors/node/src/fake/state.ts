// The content of the fake store: keys, records, changes. All sidecars of the fake share it, as real ones share a store.

import { createHash, randomBytes } from 'node:crypto';

import type { Address, DidChange, Key, Scope } from '../wire';
import { failure } from './failure';

export interface KeyRow {
  keyId: string;
  apiKey: string;
  namespace: Namespace;
  plugin?: string;
  installation?: string;
  label?: string;
  issuedAt: number;
  expiresAt?: number;
  scope?: Scope;
  owner: boolean;
  revoked: boolean;
}

export interface StoredRecord {
  address: Address;
  text: string;
  revision: number;
  createdAt: number;
  updatedAt: number;
  expiresAt?: number;
}

export interface HeldLease {
  token: number;
  holder: Client;
  /** The key that acquired it. Only this key may renew and release it. */
  keyId: string;
  ttlMs: number;
  /** When it expires, on the clock of `performance.now`. */
  end: number;
}

export class Namespace {
  readonly records = new Map<string, StoredRecord>();
  readonly leases = new Map<string, HeldLease>();
}

/** A key that one client has set. */
export interface Handle {
  id: string;
  apiKey: string;
  watching: boolean;
}

/** One sidecar process, as the store sees it. */
export interface Client {
  readonly over: boolean;
  readonly handles: Map<string, Handle>;
  setKey(apiKey: string): Handle;
  tell(notice: DidChange): void;
  tellStatus(status: object): void;
}

interface Change {
  revision: number;
  namespace: Namespace;
  by: Client;
  address: Address;
  deleted: boolean;
}

export class State {
  readonly keys = new Map<string, KeyRow>();
  readonly clients = new Set<Client>();
  readonly storeId = randomBytes(16).toString('hex');
  revision = 0;
  locked = false;
  #changes: Change[] = [];
  #sleepers = new Set<() => void>();

  nextRevision(): number {
    this.revision += 1;
    return this.revision;
  }

  /** The key that the store keeps for an installation, valid or expired. */
  kept(plugin: string, installation: string): KeyRow | undefined {
    const rows = [...this.keys.values()];
    return rows.find((row) => !row.revoked && row.owner && row.plugin === plugin && row.installation === installation);
  }

  add(details: Partial<KeyRow>): KeyRow {
    const apiKey = details.apiKey ?? createHash('sha1').update(randomBytes(32)).digest('hex');
    const keyId = randomBytes(16).toString('hex');
    const fresh = { issuedAt: Date.now(), owner: true, revoked: false };
    const row = { ...fresh, namespace: details.namespace ?? new Namespace(), ...details, keyId, apiKey };
    this.keys.set(apiKey, row);
    return row;
  }

  /** The row of a valid key; `undefined` if no data was stored under it. Throws if the key was revoked or has expired. */
  good(apiKey: string): KeyRow | undefined {
    const row = this.keys.get(apiKey);
    if (row?.revoked) throw failure('apiKeyRevoked');
    if (row?.expiresAt !== undefined && row.expiresAt <= Date.now()) throw failure('apiKeyExpired');
    return row;
  }

  /** Ends a key, and sends a notice to each watch with it. */
  revoke(row: KeyRow): void {
    row.revoked = true;
    const revision = this.nextRevision();
    for (const client of this.clients) {
      for (const handle of client.handles.values()) {
        if (handle.apiKey !== row.apiKey || !handle.watching) continue;
        handle.watching = false;
        client.tell({ handle: handle.id, revision, ended: 'apiKeyRevoked' });
      }
    }
  }

  /** Keeps a change for later watches, and sends it to the present ones. */
  changed(namespace: Namespace, by: Client, address: Address, revision: number, deleted: boolean): void {
    const change = { revision, namespace, by, address, deleted };
    this.#changes.push(change);
    for (const client of this.clients) {
      for (const handle of client.handles.values()) if (handle.watching) this.#tell(client, handle, change);
    }
  }

  /** Sends the changes after a revision. */
  replay(client: Client, handle: Handle, since: number): void {
    for (const change of this.#changes) if (change.revision > since) this.#tell(client, handle, change);
  }

  #tell(client: Client, handle: Handle, { revision, namespace, by, address, deleted }: Change): void {
    const row = this.keys.get(handle.apiKey);
    if (by === client || row?.namespace !== namespace || !permits(row.scope, address)) return;
    client.tell({ handle: handle.id, revision, ...address, deleted });
  }

  /** Waits until a lease may have become free, until `ms` are over, or until the signal is aborted. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    let wake = (): void => {};
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const timer = setTimeout(wake, ms);
    this.#sleepers.add(wake);
    signal?.addEventListener('abort', wake);
    await woken;
    clearTimeout(timer);
    this.#sleepers.delete(wake);
    signal?.removeEventListener('abort', wake);
  }

  lock(): void {
    this.locked = true;
    for (const client of this.clients) client.tellStatus(this.status());
  }

  unlock(): void {
    this.locked = false;
    for (const client of this.clients) client.tellStatus(this.status());
  }

  status(): object {
    const namespaces = new Set([...this.keys.values()].map((row) => row.namespace));
    const texts = [...namespaces].flatMap((namespace) => [...namespace.records.values()].map(({ text }) => text));
    return {
      storeId: this.storeId,
      formatVersion: 1,
      dataDir: '(memory)',
      ...(this.locked ? {} : { protector: 'passphrase' }),
      protectors: ['passphrase'],
      keyAvailable: !this.locked,
      locked: this.locked,
      protects: { copiesOfTheDataFolder: true, otherUsers: true, stolenDisk: true },
      records: texts.length,
      bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    };
  }

  wake(): void {
    for (const wake of this.#sleepers) wake();
  }
}

export function permits(scope: Scope | undefined, { context, workspaceFolder }: Address): boolean {
  // Folders alone mean the context `workspace` alone.
  const contexts = scope?.contexts ?? (scope?.workspaceFolders ? ['workspace'] : undefined);
  if (contexts && !contexts.includes(context)) return false;
  return !scope?.workspaceFolders || context === 'user' || scope.workspaceFolders.includes(workspaceFolder ?? '');
}

/** Whether a key with this scope may use leases. A key that may change nothing may not. */
export function permitLeases(scope: Scope | undefined): void {
  const anyFolder = scope?.workspaceFolders?.[0] ?? (scope?.workspaceFolders ? undefined : 'file:///');
  const inWorkspace = anyFolder !== undefined && permits(scope, { context: 'workspace', workspaceFolder: anyFolder });
  if (!inWorkspace && !permits(scope, { context: 'user' })) throw failure('notPermitted', { reason: 'scope' });
  if (scope?.readOnly) throw failure('notPermitted', { reason: 'readOnly' });
}

/** The description of a key in answers. */
export function describe(row: KeyRow): Key {
  const { keyId, plugin, installation, label, scope, owner } = row;
  return defined({ keyId, plugin, installation, label, ...dates(row), scope, owner }) as Key;
}

/** Dates in the form of the protocol. */
export function dates(row: { issuedAt?: number; createdAt?: number; updatedAt?: number; expiresAt?: number }): object {
  const text = (time?: number): string | undefined => (time === undefined ? undefined : new Date(time).toISOString());
  const { issuedAt, createdAt, updatedAt, expiresAt } = row;
  const all = { issuedAt, createdAt, updatedAt, expiresAt };
  return defined(Object.fromEntries(Object.entries(all).map(([name, time]) => [name, text(time)])));
}

/** Without the members that are `undefined`. */
export function defined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
