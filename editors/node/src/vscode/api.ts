// The interface for extensions: the same in a window on Node, in a window of the web, and in the fake.

import type { Event, ExtensionContext, Memento, SecretStorage } from 'vscode';

import type { Tokens, TokensOptions, RefreshableTokens } from '../tokens';
import type { Vault } from '../vault';

/** The parts of an `ExtensionContext` that are used. */
export interface Caller extends Pick<ExtensionContext, 'secrets' | 'globalState' | 'workspaceState'> {
  readonly extension: { readonly id: string };
  readonly subscriptions: { dispose(): unknown }[];
}

export interface OpenOptions {
  /** A key that your extension keeps itself, as 40 hexadecimal digits. Without it plugin-vault keeps one for you. */
  apiKey?: string;
  /** With `apiKey`: refuses a key under which no data was stored yet, with `apiKeyUnknown`. */
  mustExist?: boolean;
  /**
   * With `'context.secrets'` the key is in the editor's own secret storage, one for each store, and plugin-vault does not keep it.
   * Then no other extension gets it by naming yours. If the editor loses its secrets, nothing opens the data any more. The first
   * opening rejects with `keyUnavailable` if the store is locked.
   */
  keyIn?: 'context.secrets';
  /**
   * What a read does while the store is locked: it rejects with `keyUnavailable`, or waits until the store is unlocked. A read is
   * `get`, `keys`, `asMemento` and the reads of a move. The first call of a window decides. `'report'` by default.
   */
  whenLocked?: 'report' | 'wait';
  /**
   * In a window of the web no process can run, and opening rejects with `notInTheWeb`. With `'editor'` it returns the same interface
   * on the editor's own storage there. In other windows this option has no effect.
   */
  fallback?: 'editor';
}

export interface ExtensionVault {
  /** Where data is stored: in the vault, or, with `fallback` in the web, in the editor's own storage. */
  readonly kept: 'vault' | 'editor';
  /** The full interface of the vault: records, revisions, leases, keys. In the web it throws `notInTheWeb`. */
  readonly vault: Vault;
  /** Fires when the store was locked and is unlocked. */
  readonly onDidUnlock: Event<void>;
  /** Replaces `context.secrets`. A stored secret is on the disk when `store` has resolved. */
  asSecretStorage(): VaultSecretStorage;
  /**
   * Replaces `context.globalState` or `context.workspaceState`. It is loaded already when the Promise resolves, and follows other
   * windows' changes. Every JSON value comes back as it was. An update is on the disk when it has resolved.
   */
  asMemento(context: 'user' | 'workspace'): Promise<VaultMemento>;
  /**
   * A login whose refresh token changes with each use; see `Tokens`. All windows share one refresh. In the web, all callers in a
   * window do.
   */
  tokens<T extends object = RefreshableTokens>(options: TokensOptions<T>): Tokens<T>;
  /**
   * Moves secrets out of the editor's storage (`context.secrets`): stores them here, reads them back, and only then deletes them
   * there. In a remote window it copies them and deletes nothing, because the editor's storage is on the user's own machine, for all
   * windows. In a container whose store a rebuild would delete, it rejects with `notDurable`. Safe to call at each start. If it
   * rejects, no secret is lost; call it again.
   */
  moveSecrets(keys?: readonly string[]): Promise<Moved>;
  /** Does the same with `context.globalState` (`'user'`) or `context.workspaceState` (`'workspace'`). */
  moveState(context: 'user' | 'workspace', keys?: readonly string[]): Promise<Moved>;
  /** Closes the vault. Return it from `deactivate`, so that a running refresh of tokens can still be stored. */
  close(): Promise<void>;
}

export interface VaultSecretStorage extends SecretStorage {
  keys(): Thenable<string[]>;
}

export interface VaultMemento extends Memento {
  /** Has no effect: the data does not leave this machine. */
  setKeysForSync(keys: readonly string[]): void;
}

export interface Moved {
  /** Keys whose value was moved. */
  moved: string[];
  /** Keys whose value was copied, in a remote window. */
  copied: string[];
  /** Keys that already had another value here. Both values stay as they are. */
  differing: string[];
}
