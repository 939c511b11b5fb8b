// The extension on Node: its exports, and the view, the commands and the walkthrough for the user.

import { VaultError, type Vault } from 'plugin-vault';
import * as vscode from 'vscode';

import type { ExtensionVault, OpenOptions, PluginVaultApi, VaultMemento } from '../api';
import { isTheia, openWalkthrough, registerCommands } from './commands';
import { endsWithContainer, warnInContainers } from './containers';
import { Entries } from './entries';
import { Host } from './host';
import { memento } from './memento';
import { moveSecrets } from './move';
import { isOnAnotherMachine } from './relay';
import { secretStorage } from './secrets';
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
  context.subscriptions.push(log, window, tree, view, ...registerCommands(window, tree));
  // The first vault may have created the store.
  context.subscriptions.push(window.onDidOpen(() => tree.refresh()));
  warnInContainers(context, window);
  void greet(context);
  return { open: (caller, options) => open(window, caller, options) };
}

export async function deactivate(): Promise<void> {
  await host?.close();
}

/** One for each vault, so that all callers with the same vault share its entries and events. */
const exported = new WeakMap<Vault, ExtensionVault>();

async function open(window: Host, caller: vscode.ExtensionContext, options: OpenOptions = {}): Promise<ExtensionVault> {
  const { apiKey, mustExist } = options;
  const vault = await window.open(caller.extension.id, apiKey === undefined ? undefined : { apiKey, mustExist });
  const shared = exported.get(vault) ?? exportVault(vault, caller);
  exported.set(vault, shared);
  return shared;
}

function exportVault(vault: Vault, caller: vscode.ExtensionContext): ExtensionVault {
  const entries = new Entries(vault, { context: 'user' }, 'secret:');
  const secrets = secretStorage(entries, caller.subscriptions);
  const mementos = new Map<string, Promise<VaultMemento>>();
  const load = (context: 'user' | 'workspace'): Promise<VaultMemento> => {
    const end = (dispose: () => void): void => void caller.subscriptions.push({ dispose });
    const loading = memento(new Entries(vault, place(context), 'state:'), end);
    mementos.set(context, loading);
    // After a failure the next call loads it again.
    loading.catch(() => mementos.delete(context));
    return loading;
  };
  return {
    kept: 'vault',
    vault,
    asSecretStorage: () => secrets,
    asMemento: (context) => mementos.get(context) ?? load(context),
    async moveSecrets(keys) {
      const status = await vault.sidecar.status();
      if (!status.relay && endsWithContainer(status.dataDir)) throw notDurable();
      return moveSecrets(caller.secrets, entries, keys, isOnAnotherMachine(vscode.env.remoteName, status));
    },
  };
}

function notDurable(): VaultError {
  return new VaultError(
    'notDurable',
    'The secrets stay in the editor’s storage, because the store is inside this container, where a rebuild deletes it. ' +
      'Set PLUGIN_VAULT_DATA_DIR and PLUGIN_VAULT_KEY_DIR to folders on a volume, and move the secrets again.',
  );
}

/**
 * The place of a memento. A workspace of several folders uses the URI of its workspace file. Empty windows have no URI, and share
 * one place.
 */
function place(context: 'user' | 'workspace'): { context: 'user' | 'workspace'; workspaceFolder?: string } {
  if (context === 'user') return { context };
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  const uri = workspaceFile ?? workspaceFolders?.[0]?.uri ?? vscode.Uri.parse('untitled:empty-window');
  return { context, workspaceFolder: uri.toString() };
}

/** Opens the walkthrough once, unless the user's settings turn that off. */
async function greet(context: vscode.ExtensionContext): Promise<void> {
  if (context.globalState.get('greeted')) return;
  await context.globalState.update('greeted', true);
  const wanted = vscode.workspace.getConfiguration('workbench.welcomePage.walkthroughs').get('openOnInstall', true);
  if (wanted && !(await isTheia())) await openWalkthrough({ inactive: true });
}
