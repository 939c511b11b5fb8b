// What the extension "Plugin Vault" exports. Copy this file into your extension; it needs the types of `vscode` and of
// the npm package `plugin-vault`.

import type { ExtensionContext } from 'vscode';
import type { ExtensionVault, OpenOptions } from 'plugin-vault/vscode';

/** `await vscode.extensions.getExtension<PluginVaultApi>('plugin-vault.plugin-vault')!.activate()` */
export interface PluginVaultApi {
  /**
   * Opens the calling extension's vault: the same interface as that of `openVault` in `plugin-vault/vscode`, and the same data. In a
   * window it is the same one each time. Extensions of one window are not protected from each other: any of them can pass the context of
   * another one, read its memory, or start the program. To make your data harder to find, pass `keyIn: 'context.secrets'`; see the README.
   * It does not reject if the store is locked or can't be opened now. Rejects with a `VaultError`: `binaryNotFound`, `binaryUnsuitable`,
   * `vaultEnded`, or an error of the key; in the web, without `fallback`, with `notInTheWeb`.
   */
  open(context: ExtensionContext, options?: OpenOptions): Promise<ExtensionVault>;
}

export type * from 'plugin-vault/vscode';
