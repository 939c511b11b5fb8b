// The extension on Node: its exports, and the view and the commands for the user.

import * as vscode from 'vscode';

import type { PluginVaultApi } from '../api';
import { registerCommands } from './commands';
import { warnInContainers } from './containers';
import { Host } from './host';
import { Showing } from './showing';
import { PrivateData } from './tree';

let host: Host | undefined;

export function activate(context: vscode.ExtensionContext): PluginVaultApi {
  const log = vscode.window.createOutputChannel('Plugin Vault', { log: true });
  // The program's log lines contain no key, no value and no folder.
  const window = new Host(context.extensionPath, (line) => log.info(line));
  host = window;
  const tree = new PrivateData(window);
  const view = vscode.window.createTreeView('pluginVault.privateData', { treeDataProvider: tree });
  view.onDidChangeVisibility(({ visible }) => (visible ? tree.refresh() : tree.rest()));
  const showing = new Showing(context);
  context.subscriptions.push(log, window, tree, view, ...registerCommands(window, tree, showing));
  // The first vault may have created the store.
  context.subscriptions.push(window.onDidOpen(() => tree.refresh()));
  warnInContainers(context, window);
  return { open: (caller, options) => window.open(caller, options) };
}

export async function deactivate(): Promise<void> {
  await host?.close();
}
