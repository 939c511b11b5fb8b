// The user's commands. A command that destroys data asks first, and says which data.

import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as vscode from 'vscode';

import type { Host } from './host';
import type { Node } from './nodes';
import type { ListedKey } from './operator';
import type { PrivateData } from './tree';
import { bytes, count, plain, reason } from './words';

export function registerCommands(host: Host, tree: PrivateData): vscode.Disposable[] {
  const register = (name: string, run: (node?: Node) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`pluginVault.${name}`, async (node?: Node) => {
      try {
        await run(node);
      } catch (error) {
        void vscode.window.showErrorMessage(`Plugin Vault: ${plain(reason(error))}`);
      }
    });
  const changes = (run: (node?: Node) => Promise<unknown>) => async (node?: Node) => {
    await run(node);
    tree.refresh();
  };
  return [
    register('refresh', () => tree.refresh()),
    register('revoke', changes(async (node) => revoke(host, node?.key ?? (await pickKey(host))))),
    register('forget', changes(async (node) => forget(host, node?.plugin ?? (await pickPlugin(host))))),
    register('backUp', () => backUp(host)),
    register('lock', changes(() => lock(host))),
    register('unlock', changes(() => unlock(host))),
    register('openWalkthrough', () => openWalkthrough()),
  ];
}

const walkthrough = 'workbench.action.openWalkthrough';

/** Whether this is Theia. It is recognised by having no walkthroughs. */
export async function isTheia(): Promise<boolean> {
  return !(await vscode.commands.getCommands()).includes(walkthrough);
}

/** With `inactive` it opens behind the editor in use, which keeps the focus. */
export async function openWalkthrough(options: { inactive?: boolean } = {}): Promise<void> {
  const { id, extensionUri } = vscode.extensions.getExtension('plugin-vault.plugin-vault')!;
  if (await isTheia()) await vscode.commands.executeCommand('vscode.open', vscode.Uri.joinPath(extensionUri, 'README.md'));
  else await vscode.commands.executeCommand(walkthrough, `${id}#start`, options);
}

async function revoke(host: Host, key: ListedKey | undefined): Promise<void> {
  if (!key) return;
  const whose = plain([key.plugin, key.installation ?? key.label].filter(Boolean).join(', '));
  const what = key.owner
    ? `All data stored under it is destroyed, in every window: ${count(key.records, 'record')}, ${bytes(key.bytes)}.`
    : 'This key can no longer read or write. The data stays.';
  if (!(await confirmed(`Revoke the key of ${whose || key.keyId}?`, what, 'Revoke'))) return;
  const { destroyed } = await host.operator.revoke(key.keyId);
  void vscode.window.showInformationMessage(destroyed ? 'The key was revoked, and its data destroyed.' : 'The key was revoked.');
}

async function forget(host: Host, plugin: string | undefined): Promise<void> {
  if (plugin === undefined) return;
  const what = 'All its data is destroyed, in all its installations. Backups that you keep elsewhere still contain it.';
  if (!(await confirmed(`Forget ${plain(plugin)}?`, what, 'Forget'))) return;
  const { destroyed } = await host.operator.forget(plugin);
  void vscode.window.showInformationMessage(`Forgotten: ${plain(plugin)}, ${count(destroyed, 'installation')}.`);
}

async function backUp(host: Host): Promise<void> {
  const name = `plugin-vault-${new Date().toISOString().slice(0, 10)}.tar`;
  const home = vscode.Uri.joinPath(vscode.Uri.file(homedir()), name);
  const target = await vscode.window.showSaveDialog({
    defaultUri: home,
    filters: { 'Plugin Vault backup': ['tar'] },
    saveLabel: 'Back Up',
  });
  if (!target) return;
  if (target.scheme !== 'file') throw new Error('a backup can only be written to a file on this machine');
  // The dialog has asked whether to replace a file, except in Theia.
  const unasked = existsSync(target.fsPath) && (await isTheia());
  if (unasked && !(await confirmed(`Replace ${plain(target.fsPath)}?`, 'A file with this name exists already.', 'Replace'))) return;
  // An existing file is kept until the new one is complete.
  const part = `${target.fsPath}.${process.pid}.part`;
  try {
    await host.operator.backUp(part);
    await rename(part, target.fsPath);
  } finally {
    await rm(part, { force: true });
  }
  void vscode.window.showInformationMessage(
    `Backed up to ${plain(target.fsPath)}. The store key is not in it. plugin-vault protector list shows what opens it.`,
  );
}

async function lock(host: Host): Promise<void> {
  if (!(await (await host.sidecar()).lock())) {
    throw new Error('the store was not locked: there is none, or every process can read its key file (see plugin-vault lock)');
  }
  void vscode.window.showInformationMessage('Plugin Vault is locked, in every window.');
}

async function unlock(host: Host): Promise<void> {
  const sidecar = await host.sidecar();
  const { protectors } = await sidecar.status();
  if (protectors.includes('passphrase')) {
    const passphrase = await vscode.window.showInputBox({
      title: 'Unlock Plugin Vault',
      prompt: "The store's passphrase",
      password: true,
      ignoreFocusOut: true,
    });
    if (!passphrase) return;
    await sidecar.unlock({ passphrase });
  } else {
    // A keyring or a program asks for itself, if it has to.
    await sidecar.unlock();
  }
  void vscode.window.showInformationMessage('Plugin Vault is unlocked.');
}

async function confirmed(question: string, detail: string, yes: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
}

async function pickKey(host: Host): Promise<ListedKey | undefined> {
  const items = (await host.operator.keys()).map((key) => ({
    label: plain(key.plugin ?? 'No plugin name'),
    description: plain(key.installation ?? key.label ?? ''),
    detail: key.owner ? `${count(key.records, 'record')}, ${bytes(key.bytes)}` : 'shared key',
    key,
  }));
  return (await vscode.window.showQuickPick(items, { title: 'Revoke a Key', matchOnDescription: true }))?.key;
}

async function pickPlugin(host: Host): Promise<string | undefined> {
  const names = (await host.operator.keys()).map(({ plugin }) => plugin).filter((name) => name !== undefined);
  const items = [...new Set(names)].sort().map((name) => ({ label: plain(name), name }));
  return (await vscode.window.showQuickPick(items, { title: 'Forget a Plugin' }))?.name;
}
