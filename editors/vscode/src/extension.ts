// The extension on Node: what it exports, and the view, the commands and the walkthrough for the user.

import type { Vault } from 'plugin-vault';
import * as vscode from 'vscode';

import type { ExtensionVault, OpenOptions, PluginVaultApi, VaultMemento } from '../api';
import { isTheia, openWalkthrough, registerCommands } from './commands';
import { warnInContainers } from './containers';
import { Entries } from './entries';
import { Host } from './host';
import { memento } from './memento';
import { moveSecrets } from './move';
import { secretStorage } from './secrets';
import { PrivateData } from './tree';

let host: Host | undefined;

export function activate(context: vscode.ExtensionContext): PluginVaultApi {
  const log = vscode.window.createOutputChannel('Plugin Vault', { log: true });
  // The program's own lines: they hold no key, no value and no folder.
  const window = new Host(context.extensionPath, (line) => log.info(line));
  host = window;
  const tree = new PrivateData(window);
  const view = vscode.window.createTreeView('pluginVault.privateData', { treeDataProvider: tree });
  view.onDidChangeVisibility(({ visible }) => (visible ? tree.refresh() : tree.rest()));
  context.subscriptions.push(log, window, tree, view, ...registerCommands(window, tree));
  // With the first vault there is a store to show.
  context.subscriptions.push(window.onDidOpen(() => tree.refresh()));
  warnInContainers(context, window);
  void greet(context);
  return { open: (caller, options) => open(window, caller, options) };
}

export async function deactivate(): Promise<void> {
  await host?.close();
}

/** One for each vault: what is stored through one face is told by each, and seen in each. */
const faces = new WeakMap<Vault, ExtensionVault>();

async function open(window: Host, caller: vscode.ExtensionContext, options: OpenOptions = {}): Promise<ExtensionVault> {
  const { apiKey, mustExist } = options;
  const vault = await window.open(caller.extension.id, apiKey === undefined ? undefined : { apiKey, mustExist });
  const face = faces.get(vault) ?? makeFace(vault, caller);
  faces.set(vault, face);
  return face;
}

function makeFace(vault: Vault, caller: vscode.ExtensionContext): ExtensionVault {
  const entries = new Entries(vault, { context: 'user' }, 'secret:');
  const secrets = secretStorage(entries, caller.subscriptions);
  const mementos = new Map<string, Promise<VaultMemento>>();
  const load = (context: 'user' | 'workspace'): Promise<VaultMemento> => {
    const end = (dispose: () => void): void => void caller.subscriptions.push({ dispose });
    const loading = memento(new Entries(vault, place(context), 'state:'), end);
    mementos.set(context, loading);
    // What could not be had now is asked for again.
    loading.catch(() => mementos.delete(context));
    return loading;
  };
  return {
    kept: 'vault',
    vault,
    asSecretStorage: () => secrets,
    asMemento: (context) => mementos.get(context) ?? load(context),
    moveSecrets: (keys) => moveSecrets(caller.secrets, entries, keys),
  };
}

/**
 * Where state goes: for a workspace of several folders its file stands for all of them. Empty windows have nothing of their own,
 * and share one place.
 */
function place(context: 'user' | 'workspace'): { context: 'user' | 'workspace'; workspaceFolder?: string } {
  if (context === 'user') return { context };
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  const uri = workspaceFile ?? workspaceFolders?.[0]?.uri ?? vscode.Uri.parse('untitled:empty-window');
  return { context, workspaceFolder: uri.toString() };
}

/** The walkthrough, once, unless its user has told the editor that none is to open by itself. */
async function greet(context: vscode.ExtensionContext): Promise<void> {
  if (context.globalState.get('greeted')) return;
  await context.globalState.update('greeted', true);
  const wanted = vscode.workspace.getConfiguration('workbench.welcomePage.walkthroughs').get('openOnInstall', true);
  if (wanted && !(await isTheia())) await openWalkthrough({ inactive: true });
}
