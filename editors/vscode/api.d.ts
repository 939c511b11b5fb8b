// What the extension "Plugin Vault" exports. Copy this file into your extension; it needs the types of `vscode` and of
// the npm package `plugin-vault`.

import type { ExtensionContext, Memento, SecretStorage } from 'vscode';
import type { Vault } from 'plugin-vault';

/** `await vscode.extensions.getExtension<PluginVaultApi>('plugin-vault.plugin-vault')!.activate()` */
export interface PluginVaultApi {
  /**
   * Opens the calling extension's vault. In a window it is the same one each time. Extensions of one window are not protected from
   * each other: any of them can pass the context of another one, read its memory, or start the program. To make your data harder to
   * find, pass an `apiKey` of your own that you keep in `context.secrets`; see the README.
   * Rejects with a `VaultError`: `binaryNotFound`, `binaryUnsuitable`, `vaultEnded`, or an error of the key.
   */
  open(context: ExtensionContext, options?: OpenOptions): Promise<ExtensionVault>;
}

export interface OpenOptions {
  /** A key that your extension keeps itself, as 40 hexadecimal digits. Without it plugin-vault keeps one for you. */
  apiKey?: string;
  /** With `apiKey`: refuses a key under which no data was stored yet, with `apiKeyUnknown`. */
  mustExist?: boolean;
  /**
   * In a window of the web no process can run, and `open` rejects with `notInTheWeb`. With `'editor'` it returns the editor's own
   * storage there instead. In other windows this option has no effect.
   */
  fallback?: 'editor';
}

export interface ExtensionVault {
  /** Where data is stored: in the vault, or, with `fallback` in the web, in the editor's own storage. */
  readonly kept: 'vault' | 'editor';
  /** The full interface of the vault: records, revisions, leases, keys. Absent in the web. */
  readonly vault?: Vault;
  /** Replaces `context.secrets`. A stored secret is on the disk when `store` has resolved. */
  asSecretStorage(): VaultSecretStorage;
  /**
   * Replaces `context.globalState` or `context.workspaceState`. It is loaded already when the Promise resolves, and follows other
   * windows' changes. Every JSON value comes back as it was. An update is on the disk when it has resolved.
   */
  asMemento(context: 'user' | 'workspace'): Promise<VaultMemento>;
  /**
   * Moves secrets out of the editor's storage (`context.secrets`): stores them here, reads them back, and only then deletes them
   * there. In a remote window it copies them and deletes nothing, because the editor's storage is on the user's own machine, for all
   * windows. In a container whose store a rebuild would delete, it rejects with `notDurable`. Safe to call at each start. If it
   * rejects, no secret is lost; call it again.
   */
  moveSecrets(keys?: readonly string[]): Promise<MovedSecrets>;
}

export interface VaultSecretStorage extends SecretStorage {
  keys(): Thenable<string[]>;
}

export interface VaultMemento extends Memento {
  /** Has no effect: the data does not leave this machine. */
  setKeysForSync(keys: readonly string[]): void;
}

export interface MovedSecrets {
  /** Keys whose secret was moved. */
  moved: string[];
  /** Keys whose secret was copied, in a remote window. */
  copied: string[];
  /** Keys that already had another secret here. Both secrets stay as they are. */
  differing: string[];
}
