// The extension in a window of the web: the entry for the web of `plugin-vault/vscode`.

import * as vscode from 'vscode';

import { openVault } from '../../node/src/vscode/web';
import type { PluginVaultApi } from '../api';

export function activate(): PluginVaultApi {
  // Hides the view and the commands, which can't work here.
  void vscode.commands.executeCommand('setContext', 'pluginVault.inTheWeb', true);
  return { open: openVault };
}
