// One sidecar process, for any number of keys. It is started when it is needed, and again after it ended.

import { resolve } from 'node:path';

import type { BinaryOptions } from './binary';
import { asFolders, Process, type Connection, type NoticeListener } from './connection';
import { isVaultError, VaultError } from './errors';
import { Programs } from './programs';
import type { KeyOptions } from './registration';
import { Vault } from './vault';
import type { DidChange, Methods, Status } from './wire';
import type { Signal } from './signal';

const MINUTE = 60_000;

export interface SidecarOptions extends BinaryOptions {
  /** URIs of the open folders, as the editor has them. */
  workspaceFolders?: readonly string[];
  /**
   * The socket of `plugin-vault relay`, when the store is on another machine or outside of the container. By default that of the
   * environment variable `PLUGIN_VAULT_CONNECT`. A relay is for one plugin.
   */
  connect?: string;
  /** The folder of the store. By default plugin-vault's own. */
  dataDir?: string;
  /** The folder of the store's key file. By default plugin-vault's own. */
  keyDir?: string;
  /** Uses a separate store, which is deleted at the end. */
  temporary?: boolean;
  /** How often a sidecar may end within a minute. Then it is not started again before the minute is over. 5 by default. */
  endsPerMinute?: number;
  /** The extension's or editor's name, for `initialize`, and for the error that asks the user to update it. */
  clientName?: string;
  /** Gets each line that the sidecar writes to stderr. The lines contain no key and no value. */
  log?: (line: string) => void;
}

/** Starts a sidecar. Rejects with `binaryNotFound`, `binaryUnsuitable`, `vaultEnded`. */
export async function openSidecar(options: SidecarOptions = {}): Promise<Sidecar> {
  const args = ['--stdio'];
  // The sidecar starts in another folder, so relative paths are resolved here.
  if (options.connect !== undefined) args.push('--connect', resolve(options.connect));
  if (options.dataDir !== undefined) args.push('--data-dir', resolve(options.dataDir));
  if (options.keyDir !== undefined) args.push('--key-dir', resolve(options.keyDir));
  if (options.temporary) args.push('--temporary');
  const { clientName, log } = options;
  const programs = new Programs(options);
  const connect: Connect = (folders, notice) =>
    Process.start(programs.current(), { args, folders, clientName, log }, notice);
  const sidecar = new Sidecar(connect, options.workspaceFolders ?? [], { ...options, programs });
  await sidecar.connection();
  return sidecar;
}

export type Connect = (folders: readonly string[], notice: NoticeListener) => Promise<Connection>;

interface SidecarSettings extends Pick<SidecarOptions, 'endsPerMinute' | 'clientName'> {
  programs?: Programs;
}

/** Made by `openSidecar`. */
export class Sidecar {
  #connect: Connect;
  #current: Promise<Connection> | undefined;
  #ends: number[] = [];
  #endsPerMinute: number;
  #clientName: string;
  #programs: Programs | undefined;
  #replacing: Promise<boolean> | undefined;
  #folders: readonly string[];
  #vaults = new Set<Vault>();
  #statusListeners = new Set<(status: Status) => void>();
  #closing: Promise<void> | undefined;
  #closed = false;

  /** @internal */
  constructor(connect: Connect, folders: readonly string[], options: SidecarSettings = {}) {
    const { endsPerMinute = 5, clientName = 'this extension', programs } = options;
    this.#connect = connect;
    this.#endsPerMinute = endsPerMinute;
    this.#clientName = clientName;
    this.#programs = programs;
    this.#folders = folders;
  }

  /**
   * Opens the data of one key. Rejects if the key is refused or the sidecar does not start. It does not reject if the store is
   * locked or can't be opened now: then each call rejects with that error, and tries again.
   */
  async openVault(key: KeyOptions): Promise<Vault> {
    return this.open(key, false);
  }

  /** @internal With `owned`, closing the vault ends the process. */
  async open(key: KeyOptions, owned: boolean): Promise<Vault> {
    const vault = new Vault(this, key, owned);
    this.#vaults.add(vault);
    try {
      await vault.ready();
      return vault;
    } catch (error) {
      await vault.close();
      throw error;
    }
  }

  /**
   * Returns a key for a caller that keeps it, for example an installer that passes it to a plugin. With `installation`
   * plugin-vault keeps it too, and the same pair always gets the same key. The key gives access to the data: keep it secret.
   */
  async issueAPIKey(params: Methods['issueAPIKey']['params']): Promise<Methods['issueAPIKey']['result']> {
    return (await (await this.connection()).request('issueAPIKey', params)) as Methods['issueAPIKey']['result'];
  }

  /** The state of the store. Never asks a person, and creates no store. */
  async status(): Promise<Status> {
    return (await (await this.connection()).request('vault/status', {})) as Status;
  }

  /** Locks the store for every process. Resolves with `false` if it can't be locked: `plugin-vault lock` says why. */
  async lock(): Promise<boolean> {
    return ((await (await this.connection()).request('vault/lock', {})) as Methods['vault/lock']['result']).locked;
  }

  /** Unlocks the store, with a passphrase, or by asking a person. */
  async unlock(options: { passphrase?: string; timeoutMs?: number; signal?: Signal } = {}): Promise<boolean> {
    const { signal, ...params } = options;
    const answer = await (await this.connection()).request('vault/unlock', params, signal);
    return (answer as { keyAvailable: boolean }).keyAvailable;
  }

  /** Calls the listener when any process locked, unlocked, repaired or replaced the store; it does not keep Node running. Returns its removal. */
  onDidChangeStatus(listener: (status: Status) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  /** Sets the open folders. To be called whenever they change. */
  setWorkspaceFolders(uris: readonly string[]): void {
    const before = this.#folders;
    this.#folders = [...uris];
    const added = asFolders(uris.filter((uri) => !before.includes(uri)));
    const removed = asFolders(before.filter((uri) => !uris.includes(uri)));
    void this.#current
      ?.then((vault) => vault.notify('workspace/didChangeWorkspaceFolders', { event: { added, removed } }))
      .catch(() => {});
  }

  /** Shuts the sidecar down. Earlier requests are still answered. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      const refreshing = [...this.#vaults].filter((vault) => vault.isRefreshing);
      if (refreshing.length > 0) await Promise.all(refreshing.map((vault) => vault.refreshed()));
      this.#closed = true;
      await Promise.all([...this.#vaults].map((vault) => vault.sent()));
      await (await this.#current?.catch(() => undefined))?.close();
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal The running sidecar. Starts one if there is none. */
  connection(): Promise<Connection> {
    if (this.#closed) return Promise.reject(new VaultError('closed', 'The vault was closed.'));
    if (!this.#current) {
      const starting = this.#start();
      this.#current = starting;
      const over = (): void => {
        if (this.#current === starting) this.#current = undefined;
      };
      starting.then((connection) => {
        void connection.ended.then(() => {
          over();
          this.#ends.push(performance.now());
          if (!this.#closing) for (const vault of this.#vaults) vault.restart();
        });
      }, over);
    }
    return this.#current;
  }

  async #start(): Promise<Connection> {
    for (;;) {
      const since = performance.now() - MINUTE;
      this.#ends = this.#ends.filter((end) => end > since);
      if (this.#ends.length >= this.#endsPerMinute) {
        const message = `plugin-vault ended ${this.#endsPerMinute} times within a minute. It is started again when the minute is over.`;
        throw new VaultError('vaultEnded', message, { retryable: true });
      }
      try {
        return await this.#connect(this.#folders, (method, params) => this.#notice(method, params));
      } catch (error) {
        if (this.#closed || !isVaultError(error) || !error.data.wasKilled) throw error;
        this.#ends.push(performance.now());
      }
    }
  }

  /**
   * @internal Ends a sidecar that is older than the store, if there is another program to use instead. Otherwise throws an error that
   * says what to update.
   */
  async useNewer(connection: Connection, tooNew: VaultError): Promise<void> {
    // The other calls that were refused wait for the same program.
    if (connection.over) return;
    this.#replacing ??= (this.#programs?.chooseNewest() ?? Promise.resolve(false)).finally(() => (this.#replacing = undefined));
    if (await this.#replacing) return connection.close();
    const message =
      `A later version of plugin-vault wrote the store, and that of ${this.#clientName} can't read it. ` +
      `Update ${this.#clientName}, or put the latest plugin-vault on PATH.`;
    const { code, data } = tooNew;
    throw new VaultError('formatTooNew', message, { code, data, cause: tooNew });
  }

  #notice(method: string, params: unknown): void {
    if (method === 'vault/didChangeStatus') {
      for (const listener of this.#statusListeners) listener(params as Status);
    } else if (method === 'persistentData/didChange') {
      for (const vault of this.#vaults) vault.notice(params as DidChange);
    }
  }

  /** @internal Whether another vault needs the notices of this handle. */
  isWatched(handle: string | undefined, besides: Vault): boolean {
    return [...this.#vaults].some((vault) => vault !== besides && vault.watches(handle));
  }

  /** @internal */
  forget(vault: Vault): void {
    this.#vaults.delete(vault);
  }
}
