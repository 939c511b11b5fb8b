// What the extension "Plugin Vault" exports. Copy this file into your extension; it needs the types of `vscode` and of
// the npm package `plugin-vault`.

import type { ExtensionContext, Memento, SecretStorage } from 'vscode';
import type { Vault } from 'plugin-vault';

/** `await vscode.extensions.getExtension<PluginVaultApi>('plugin-vault.plugin-vault')!.activate()` */
export interface PluginVaultApi {
  /**
   * The calling extension's own vault; the same one each time in a window.
   * Rejects with a `VaultError`: `binaryNotFound`, `binaryUnsuitable`, `vaultEnded`, or what the vault says of the key.
   */
  open(context: ExtensionContext, options?: OpenOptions): Promise<ExtensionVault>;
}

export interface OpenOptions {
  /** A key that your extension keeps itself, as 40 hexadecimal digits. Without it the vault keeps one for you. */
  apiKey?: string;
  /** With `apiKey`: a key with which nothing was stored yet is refused, with `apiKeyUnknown`. */
  mustExist?: boolean;
  /**
   * In a window of the web no process can run, and `open` rejects with `notInTheWeb`; with `'editor'` it gives the editor's own
   * storage there instead. Nowhere else is anything else used.
   */
  fallback?: 'editor';
}

export interface ExtensionVault {
  /** Where the data goes: into the vault, or, with `fallback` in the web, into the editor's own storage. */
  readonly kept: 'vault' | 'editor';
  /** All that the vault can do: records, revisions, leases, keys. Absent in the web. */
  readonly vault?: Vault;
  /** In the place of `context.secrets`. A stored secret is on the disk when `store` has resolved. */
  asSecretStorage(): VaultSecretStorage;
  /**
   * In the place of `context.globalState` or `context.workspaceState`. It is loaded before it is given, and follows the other
   * windows. Every value that JSON has comes back as it was; an update is on the disk when it has resolved.
   */
  asMemento(context: 'user' | 'workspace'): Promise<VaultMemento>;
  /**
   * Moves secrets out of the editor's storage (`context.secrets`): stores them here, reads them back, and only then deletes them
   * there. Safe to call at each start. If it rejects, no secret is lost; call it again.
   */
  moveSecrets(keys?: readonly string[]): Promise<MovedSecrets>;
}

export interface VaultSecretStorage extends SecretStorage {
  keys(): Thenable<string[]>;
}

export interface VaultMemento extends Memento {
  /** Accepted, and without effect: the vault's data does not leave this machine. */
  setKeysForSync(keys: readonly string[]): void;
}

export interface MovedSecrets {
  /** Keys whose secret is here now, and no longer there. */
  moved: string[];
  /** Keys that have another secret here already: both were left as they are. */
  differing: string[];
}
