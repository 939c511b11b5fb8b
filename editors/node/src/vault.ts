// The data of one API key, with every method that the vault has for it.

import { inBothManners, methodCall, type Call } from './calls';
import type { Connection } from './connection';
import { isVaultError, VaultError } from './errors';
import { withLease, type LeaseOptions, type WithLease, type Work } from './lease';
import { register, type KeyDetails, type KeyOptions, type Registered } from './registration';
import type { Sidecar } from './sidecar';
import { update, type Updated, type UpdateFunction, type UpdateOptions } from './update';
import { Watches, type ChangeListener, type Watch } from './watches';
import type { Context, DidChange, Methods } from './wire';

/** Milliseconds until a watch that could not be begun again is tried anew. */
const PAUSE = 1_000;

/** What is simply asked again when the vault ends over it. */
const READS: ReadonlySet<string> = new Set([
  'getPersistentData',
  'getPersistentRecord',
  'listPersistentData',
  'listAPIKeys',
  'watchPersistentData',
]);

/**
 * Made by `openVault`. Each method is the one of its name in docs/reference.md: what it must have comes first, then its
 * other parameters by name, with a `signal` that cancels, and last, if you like, a Node callback instead of the Promise.
 * Errors are `VaultError`s.
 */
export class Vault {
  /** The process that this vault talks to; its status, its folders, its end. */
  readonly sidecar: Sidecar;
  #key: KeyOptions;
  #registered: { connection: Connection; result: Promise<Registered> } | undefined;
  #details: KeyDetails = {};
  #handle: string | undefined;
  #watches = new Watches();
  /** What has been asked for and is not sent yet. */
  #unsent = new Set<Promise<unknown>>();
  #ownsSidecar: boolean;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(sidecar: Sidecar, key: KeyOptions, ownsSidecar: boolean) {
    this.sidecar = sidecar;
    this.#key = { ...key };
    this.#ownsSidecar = ownsSidecar;
  }

  #ask = async (method: string, params: object, signal?: AbortSignal): Promise<unknown> => {
    let replaced = false;
    for (;;) {
      const { connection, handle } = await this.#sendable();
      if (signal?.aborted) throw cancelled(signal);
      // It ended since: nothing is sent, so nothing is unknown.
      if (connection.over) continue;
      try {
        return await connection.request(method, { ...params, handle }, signal);
      } catch (error) {
        if (signal?.aborted && isVaultError(error, 'requestCancelled')) throw cancelled(signal);
        if (isVaultError(error, 'outcomeUnknown') && READS.has(method)) continue;
        // Another window may have put another key in the place of the one that the vault keeps: then this goes on with
        // that. If the key was revoked, this is refused, and the next call begins anew.
        if (!isVaultError(error, 'apiKeyRevoked') || this.#key.apiKey !== undefined || replaced) throw error;
        if (this.#handle === handle) this.#registered = undefined;
        if ((await this.#register()).created) throw error;
        replaced = true;
      }
    }
  };

  // --- Records. `context` is `"user"` or `"workspace"`; `workspaceFolder` may be left out when exactly one is open.

  /** Stores an object. Answered when it is on the disk. */
  readonly setPersistentData = methodCall(this.#ask, 'setPersistentData', 'context', 'data');
  /** The object, or `null`. */
  readonly getPersistentData = methodCall(this.#ask, 'getPersistentData', 'context');
  /** The object with its revision and dates, or `null`. */
  readonly getPersistentRecord = methodCall(this.#ask, 'getPersistentRecord', 'context');
  /** Changes members and leaves the others: a merge patch, RFC 7396. */
  readonly patchPersistentData = methodCall(this.#ask, 'patchPersistentData', 'context', 'patch');
  readonly deletePersistentData = methodCall(this.#ask, 'deletePersistentData', 'context');
  /** Where there are records, with sizes and dates, without their data. */
  readonly listPersistentData = methodCall(this.#ask, 'listPersistentData');
  /** Takes all records of one folder to another. */
  readonly movePersistentData = methodCall(this.#ask, 'movePersistentData', 'from', 'to');

  /**
   * Reads, changes, and stores if nobody else has stored meanwhile; else again. `change` gets the data or `null` and gives
   * the new object, `null` to delete it, or `undefined` to leave it.
   */
  readonly update: Call<[context: Context, change: UpdateFunction], UpdateOptions, Updated> = inBothManners(
    2,
    (context, change, options) => update(this, context, change, options ?? {}),
  );

  // --- Changes by others: another window, another editor, the command line.

  /** Tells of each change once, in order, also across an end of the vault; with `since` of those after it. */
  readonly watchPersistentData: Call<[listener: ChangeListener], { since?: number }, Watch> = inBothManners(
    1,
    (listener, options) => this.#watches.add(this.#ask, listener, options?.since, () => this.#unwatch()),
  );

  // --- Leases: one window at a time.

  readonly acquireLease = methodCall(this.#ask, 'acquireLease', 'name', 'ttlMs');
  readonly renewLease = methodCall(this.#ask, 'renewLease', 'name', 'lease');
  readonly releaseLease = methodCall(this.#ask, 'releaseLease', 'name', 'lease');

  /** Works under a lease, which is renewed meanwhile and given up behind it; see `Lease`. */
  readonly withLease = inBothManners(2, (name: string, work: Work<unknown>, options?: LeaseOptions) =>
    withLease(this, name, work, options ?? {}),
  ) as WithLease;

  // --- The key.

  /** What is known of the key, never the key itself. Empty until the store is open. */
  get key(): KeyDetails {
    return this.#details;
  }

  readonly shareAPIKey = methodCall(this.#ask, 'shareAPIKey');
  readonly listAPIKeys = methodCall(this.#ask, 'listAPIKeys');
  /** Puts another key in the place of this one. Who keeps it himself saves the new one first, and brings it as `apiKey`. */
  readonly rotateAPIKey = methodCall((method, params, signal) => this.#rotate(method, params, signal), 'rotateAPIKey');
  /** Ends the key, or one that it shared. The owner's own end destroys all of its data. */
  readonly revokeAPIKey = methodCall(this.#ask, 'revokeAPIKey');

  /** Ends its watch, and the process too if `openVault` has started it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Settles when the key is set, or can't be now for a reason that lies with the store. */
  async ready(): Promise<void> {
    try {
      await this.#register();
    } catch (error) {
      if (!(error instanceof VaultError) || !ofTheStore(error)) throw error;
    }
  }

  /** @internal The process or the key ended: a watch goes on at once, all else when it is needed. */
  restart(): void {
    if (!this.#watches.any || this.#closing) return;
    this.#register().catch((error) => {
      if (isVaultError(error, 'apiKeyRevoked') || isVaultError(error, 'apiKeyExpired')) this.#watches.end(error.kind);
      else setTimeout(() => this.restart(), PAUSE);
    });
  }

  /** @internal */
  notice({ handle, ...change }: DidChange): void {
    if (handle !== this.#handle) return;
    if ('ended' in change && change.ended === 'apiKeyRevoked' && this.#key.apiKey === undefined) {
      // The vault keeps another key by now, or will when it is asked.
      this.#registered = undefined;
      this.restart();
    } else {
      this.#watches.tell(change);
    }
  }

  /** @internal */
  watches(handle: string | undefined): boolean {
    return this.#watches.any && this.#handle === handle;
  }

  async #sendable(): Promise<Registered> {
    const registering = this.#register();
    this.#unsent.add(registering);
    try {
      return await registering;
    } finally {
      this.#unsent.delete(registering);
    }
  }

  /** @internal Settles when all is sent that was asked for before. */
  async sent(): Promise<void> {
    await Promise.allSettled([...this.#unsent]);
  }

  /** The key as the running process knows it. What ends with the process is begun again: it was our own question. */
  async #register(): Promise<Registered> {
    for (;;) {
      if (this.#closing) throw new VaultError('closed', 'The vault was closed.');
      const connection = await this.sidecar.connection();
      if (this.#registered?.connection !== connection) this.#registered = this.#begin(connection);
      try {
        return await this.#registered.result;
      } catch (error) {
        if (this.#registered?.connection === connection) this.#registered = undefined;
        if (!isVaultError(error, 'outcomeUnknown')) throw error;
      }
    }
  }

  #begin(connection: Connection): { connection: Connection; result: Promise<Registered> } {
    const result = (async () => {
      const registered = await register(connection, this.#key);
      this.#handle = registered.handle;
      this.#details = registered.details;
      const ask = (method: string, params: object): Promise<unknown> =>
        connection.request(method, { ...params, handle: registered.handle });
      await this.#watches.resume(ask, registered.created);
      return registered;
    })();
    return { connection, result };
  }

  async #rotate(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    const answer = (await this.#ask(method, params, signal)) as Methods['rotateAPIKey']['result'];
    if (this.#key.apiKey !== undefined) this.#key = { ...this.#key, apiKey: answer.apiKey };
    return answer;
  }

  async #unwatch(): Promise<void> {
    const handle = this.#handle;
    if (this.#closing || this.sidecar.isWatched(handle, this)) return;
    // A process that has ended meanwhile tells nobody anything.
    await this.#ask('unwatchPersistentData', {}).catch(() => {});
  }

  async #close(): Promise<void> {
    await this.sent();
    this.sidecar.forget(this);
    this.#watches.clear();
    const { connection } = this.#registered ?? {};
    const handle = this.#handle;
    if (this.#ownsSidecar) await this.sidecar.close();
    else if (!this.sidecar.isWatched(handle, this)) {
      await connection?.request('unwatchPersistentData', { handle }).catch(() => {});
    }
  }
}

/** Codes from here on say what is wrong with the store, not with the key. */
const STORE = 4001;

function ofTheStore({ code }: VaultError): boolean {
  return code !== undefined && code >= STORE;
}

function cancelled(signal: AbortSignal): VaultError {
  return new VaultError('requestCancelled', 'The request was cancelled and not carried out.', { cause: signal.reason });
}
