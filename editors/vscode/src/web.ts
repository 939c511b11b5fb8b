// The extension in a window of the web, where no process can run, so there is no vault. A caller that asks for the fallback gets
// the editor's own storage. Any other caller gets an error.

import * as vscode from 'vscode';

import type { ExtensionVault, OpenOptions, PluginVaultApi, VaultSecretStorage } from '../api';

export function activate(): PluginVaultApi {
  // Hides the view and the commands, which can't work here.
  void vscode.commands.executeCommand('setContext', 'pluginVault.inTheWeb', true);
  return { open };
}

async function open(caller: vscode.ExtensionContext, options: OpenOptions = {}): Promise<ExtensionVault> {
  if (options.fallback !== 'editor') {
    const message =
      "Plugin Vault needs a process, which can't run in the web. Pass { fallback: 'editor' } to use the editor's storage instead.";
    const error = new Error(message);
    throw Object.assign(error, { name: 'VaultError', kind: 'notInTheWeb', retryable: false, data: {} });
  }
  return {
    kept: 'editor',
    asSecretStorage: () => caller.secrets as VaultSecretStorage,
    asMemento: async (context) =>
      context === 'user' ? caller.globalState : Object.assign(caller.workspaceState, { setKeysForSync() {} }),
    // The secrets are in the editor's storage already.
    moveSecrets: async () => ({ moved: [], copied: [], differing: [] }),
  };
}
