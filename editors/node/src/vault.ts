// The data of one API key, with every method of the protocol for it. The next line declares the types of `await using`.
/// <reference lib="esnext.disposable" preserve="true" />

import { methodCall, withCallback, type Call } from './calls';
import type { Connection } from './connection';
import { cancelled, isVaultError, VaultError } from './errors';
import { withLease, type LeaseOptions, type WithLease, type Work } from './lease';
import type { DataCall, PatchCall, RecordCall, SetCall } from './records';
import { register, type KeyDetails, type KeyOptions, type Registered } from './registration';
import type { Sidecar } from './sidecar';
import { VaultTokens, type RefreshableTokens, type Tokens, type TokensOptions } from './tokens';
import type { Signal } from './signal';
import { update, type UpdateCall, type UpdateFunction, type UpdateOptions } from './update';
import { Watches, type ChangeListener, type Watch } from './watches';
import type { Context, DidChange, JsonObject, Methods } from './wire';
import { within } from './within';

/** Milliseconds that `close` waits for refreshes of tokens. */
const REFRESH_TIMEOUT = 2_000;
/** Milliseconds before the next attempt to restart a watch. */
const PAUSE = 1_000;

/** Methods that are repeated if the sidecar ends during them. */
const READS: ReadonlySet<string> = new Set([
  'getPersistentData',
  'getPersistentRecord',
  'listPersistentData',
  'listAPIKeys',
  'watchPersistentData',
]);

/**
 * Made by `openVault`. Each method is the one of its name in docs/reference.md. Its required parameters come first, then its
 * other parameters by name, with a `signal` that cancels, and last an optional Node callback instead of the Promise.
 * Errors are `VaultError`s.
 */
export class Vault {
  /** The process that this vault uses: its status, its folders, its end. */
  readonly sidecar: Sidecar;
  #key: KeyOptions;
  #registered: { connection: Connection; result: Promise<Registered> } | undefined;
  #details: KeyDetails = {};
  #handle: string | undefined;
  #watches = new Watches();
  /** Calls that are not sent yet. */
  #unsent = new Set<Promise<unknown>>();
  /** Refreshes of tokens that are running. */
  #refreshes = new Set<Promise<unknown>>();
  #ownsSidecar: boolean;
  #closing: Promise<void> | undefined;
  #closed = false;

  /** @internal */
  constructor(sidecar: Sidecar, key: KeyOptions, ownsSidecar: boolean) {
    this.sidecar = sidecar;
    this.#key = { ...key };
    this.#ownsSidecar = ownsSidecar;
  }

  #ask = async (method: string, params: object, signal?: Signal): Promise<unknown> => {
    let replaced = false;
    for (;;) {
      const { connection, handle } = await this.#sendable();
      if (signal?.aborted) throw cancelled(signal);
      // The sidecar has ended meanwhile. The request was not sent, so its outcome is known.
      if (connection.over) continue;
      try {
        return await connection.request(method, { ...params, handle }, signal);
      } catch (error) {
        if (signal?.aborted && isVaultError(error, 'requestCancelled')) throw cancelled(signal);
        if (isVaultError(error, 'outcomeUnknown') && READS.has(method)) continue;
        if (isVaultError(error, 'formatTooNew')) {
          // Nothing was changed, so the call is repeated with the other program.
          await this.sidecar.useNewer(connection, error);
          continue;
        }
        // Another window may have replaced the key that plugin-vault keeps. Then the call is repeated with the new key. If the
        // key was revoked, the call is refused, and the next call uses the key that was created.
        if (!isVaultError(error, 'apiKeyRevoked') || this.#key.apiKey !== undefined || replaced) throw error;
        if (this.#handle === handle) this.#registered = undefined;
        if ((await this.#register()).created) throw error;
        replaced = true;
      }
    }
  };

  // --- Records. `context` is `"user"` or `"workspace"`. `workspaceFolder` may be omitted if exactly one folder is open.

  /** Stores an object. Resolves when it is on the disk. */
  readonly setPersistentData = methodCall(this.#ask, 'setPersistentData', 'context', 'data') as SetCall;
  /** The object, or `null`. */
  readonly getPersistentData = methodCall(this.#ask, 'getPersistentData', 'context') as DataCall;
  /** The object with its revision and dates, or `null`. */
  readonly getPersistentRecord = methodCall(this.#ask, 'getPersistentRecord', 'context') as RecordCall;
  /** Changes members and leaves the others as they are: a merge patch, RFC 7396. */
  readonly patchPersistentData = methodCall(this.#ask, 'patchPersistentData', 'context', 'patch') as PatchCall;
  readonly deletePersistentData = methodCall(this.#ask, 'deletePersistentData', 'context');
  /** The addresses of records, with sizes and dates, without their data. */
  readonly listPersistentData = methodCall(this.#ask, 'listPersistentData');
  /** Moves all records of one folder to another. */
  readonly movePersistentData = methodCall(this.#ask, 'movePersistentData', 'from', 'to');

  /**
   * Reads a record, changes it, and stores it if it has not changed meanwhile; otherwise again. `change` gets the data or
   * `null`, and returns the new object, `null` to delete the record, or `undefined` to leave it.
   */
  readonly update = withCallback(2, (context: Context, change: UpdateFunction<JsonObject>, options?: UpdateOptions) =>
    update(this, context, change, options ?? {}),
  ) as UpdateCall;

  // --- Changes by others: another window, another editor, the command line.

  /** Reports each change once, in order, also after the sidecar was restarted. With `since`, the changes after it. */
  readonly watchPersistentData: Call<[listener: ChangeListener], { since?: number }, Watch> = withCallback(
    1,
    (listener, options) => this.#watches.add(this.#ask, listener, options?.since, () => this.#unwatch()),
  );

  // --- Leases: one window at a time.

  readonly acquireLease = methodCall(this.#ask, 'acquireLease', 'name', 'ttlMs');
  readonly renewLease = methodCall(this.#ask, 'renewLease', 'name', 'lease');
  readonly releaseLease = methodCall(this.#ask, 'releaseLease', 'name', 'lease');

  /** Runs `work` under a lease, which is renewed during it and released after it; see `Lease`. */
  readonly withLease = withCallback(2, (name: string, work: Work<unknown>, options?: LeaseOptions) =>
    withLease(this, name, work, options ?? {}),
  ) as WithLease;

  // --- Logins.

  /** A login whose refresh token changes with each use: one refresh per need, over all windows; see `Tokens`. */
  tokens<T extends object = RefreshableTokens>(options: TokensOptions<T>): Tokens<T> {
    return new VaultTokens<T>(this, options);
  }

  // --- The key.

  /** Information about the key, never the key itself. Empty until the store is open. */
  get key(): KeyDetails {
    return this.#details;
  }

  readonly shareAPIKey = methodCall(this.#ask, 'shareAPIKey');
  readonly listAPIKeys = methodCall(this.#ask, 'listAPIKeys');
  /** Replaces this key. A caller that keeps its key saves the new one first, and passes it as `apiKey`. */
  readonly rotateAPIKey = methodCall((method, params, signal) => this.#rotate(method, params, signal), 'rotateAPIKey');
  /** Revokes the key, or one that it shared. Revoking the owner's key destroys all of its data. */
  readonly revokeAPIKey = methodCall(this.#ask, 'revokeAPIKey');

  /**
   * Ends its watch, and the process if `openVault` has started it. Earlier calls are still answered. A refresh of tokens that is
   * running has two seconds to store its result.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Settles when the key is set, or when it can't be set now because of the store. */
  async ready(): Promise<void> {
    try {
      await this.#register();
    } catch (error) {
      if (!(error instanceof VaultError) || !ofTheStore(error)) throw error;
    }
  }

  /** @internal The process or the key ended. A watch is restarted at once, everything else when it is needed. */
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
      // plugin-vault has another key by now, or creates one when it is asked.
      this.#registered = undefined;
      this.restart();
    } else {
      this.#watches.notify(change);
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

  /** @internal Settles when all earlier calls are sent. */
  async sent(): Promise<void> {
    await Promise.allSettled([...this.#unsent]);
  }

  /** @internal While it runs, closing waits: it may have the only tokens that a server accepts. */
  async keepOpen<R>(refresh: Promise<R>): Promise<R> {
    this.#refreshes.add(refresh);
    try {
      return await refresh;
    } finally {
      this.#refreshes.delete(refresh);
    }
  }

  /** @internal */
  get isRefreshing(): boolean {
    return this.#refreshes.size > 0;
  }

  /** @internal Settles when all refreshes of tokens have ended, or after two seconds. */
  async refreshed(): Promise<void> {
    await within(Promise.allSettled([...this.#refreshes]), REFRESH_TIMEOUT);
  }

  /** Registers the key with the running process. If the process ends meanwhile, registers it again: this request is our own. */
  async #register(): Promise<Registered> {
    for (;;) {
      if (this.#closed) throw new VaultError('closed', 'The vault was closed.');
      const connection = await this.sidecar.connection();
      if (this.#registered?.connection !== connection) this.#registered = this.#begin(connection);
      try {
        return await this.#registered.result;
      } catch (error) {
        if (this.#registered?.connection === connection) this.#registered = undefined;
        if (isVaultError(error, 'formatTooNew')) await this.sidecar.useNewer(connection, error);
        else if (!isVaultError(error, 'outcomeUnknown')) throw error;
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

  async #rotate(method: string, params: object, signal?: Signal): Promise<unknown> {
    const answer = (await this.#ask(method, params, signal)) as Methods['rotateAPIKey']['result'];
    if (this.#key.apiKey !== undefined) this.#key = { ...this.#key, apiKey: answer.apiKey };
    return answer;
  }

  async #unwatch(): Promise<void> {
    const handle = this.#handle;
    if (this.#closing || this.sidecar.isWatched(handle, this)) return;
    // A process that has ended sends no notices anyway.
    await this.#ask('unwatchPersistentData', {}).catch(() => {});
  }

  async #close(): Promise<void> {
    if (this.isRefreshing) await this.refreshed();
    this.#closed = true;
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

/** Codes from here on are errors of the store, not of the key. */
const STORE = 4001;

function ofTheStore({ code }: VaultError): boolean {
  return code !== undefined && code >= STORE;
}
