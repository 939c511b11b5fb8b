// The extension in a window of the web: there no process runs, so there is no vault. Whoever names a fallback gets the editor's
// own storage; whoever does not is told.

import * as vscode from 'vscode';

import type { ExtensionVault, OpenOptions, PluginVaultApi, VaultSecretStorage } from '../api';

export function activate(): PluginVaultApi {
  // The view and the commands are hidden: there is nothing to show.
  void vscode.commands.executeCommand('setContext', 'pluginVault.inTheWeb', true);
  return { open };
}

async function open(caller: vscode.ExtensionContext, options: OpenOptions = {}): Promise<ExtensionVault> {
  if (options.fallback !== 'editor') {
    const error = new Error("Plugin Vault needs a process, and there is none in the web: pass { fallback: 'editor' } to do without.");
    throw Object.assign(error, { name: 'VaultError', kind: 'notInTheWeb', retryable: false, data: {} });
  }
  return {
    kept: 'editor',
    asSecretStorage: () => caller.secrets as VaultSecretStorage,
    asMemento: async (context) =>
      context === 'user' ? caller.globalState : Object.assign(caller.workspaceState, { setKeysForSync() {} }),
    // They are where they are to be.
    moveSecrets: async () => ({ moved: [], differing: [] }),
  };
}
