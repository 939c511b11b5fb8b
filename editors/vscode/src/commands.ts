// The user's commands about the store: a backup, a restore, its protection, its lock, a terminal. `records.ts` has those about data.

import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname } from 'node:path';
import { isVaultError } from 'plugin-vault';
import * as vscode from 'vscode';

import type { Host } from './host';
import type { Node } from './nodes';
import { confirmed, confirmedLoss } from './questions';
import { copyValue, deleteRecord, forget, revoke } from './records';
import type { Showing } from './showing';
import type { PrivateData } from './tree';
import { bytes, count, plain, protector, reason } from './words';

export function registerCommands(host: Host, tree: PrivateData, showing: Showing): vscode.Disposable[] {
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
  const saved = (): Promise<boolean> => backUp(host);
  return [
    register('show', () => show(showing)),
    register('refresh', () => tree.refresh()),
    register('revoke', changes((node) => revoke(host, node?.key, saved))),
    register('forget', changes((node) => forget(host, node?.plugin, saved))),
    register('deleteRecord', changes((node) => deleteRecord(host, node?.record, saved))),
    register('copyValue', (node) => copyValue(host, node?.record)),
    register('backUp', saved),
    register('restore', changes(() => restore(host, saved))),
    register('addPassphrase', changes(() => addPassphrase(host))),
    register('useKeyring', changes(() => useKeyring(host))),
    register('lock', changes(() => lock(host))),
    register('unlock', changes(() => unlock(host))),
    register('openTerminal', () => openTerminal(host)),
    register('examine', () => openTerminal(host, 'plugin-vault doctor')),
    register('openWalkthrough', () => openWalkthrough(showing)),
  ];
}

async function show(showing: Showing): Promise<void> {
  await showing.begin();
  await vscode.commands.executeCommand('pluginVault.privateData.focus');
}

const walkthrough = 'workbench.action.openWalkthrough';

/** Whether this is Theia. It is recognised by having no walkthroughs. */
async function isTheia(): Promise<boolean> {
  return !(await vscode.commands.getCommands()).includes(walkthrough);
}

async function openWalkthrough(showing: Showing): Promise<void> {
  await showing.begin();
  const { id, extensionUri } = vscode.extensions.getExtension('plugin-vault.plugin-vault')!;
  if (await isTheia()) await vscode.commands.executeCommand('vscode.open', vscode.Uri.joinPath(extensionUri, 'README.md'));
  else await vscode.commands.executeCommand(walkthrough, `${id}#start`);
}

const filters = { 'Plugin Vault backup': ['tar'] };

/** Resolves with `false` if the user cancels. */
async function backUp(host: Host): Promise<boolean> {
  const name = `plugin-vault-${new Date().toISOString().slice(0, 10)}.tar`;
  const defaultUri = vscode.Uri.joinPath(vscode.Uri.file(homedir()), name);
  const target = await vscode.window.showSaveDialog({ defaultUri, filters, saveLabel: 'Back Up' });
  if (!target) return false;
  if (target.scheme !== 'file') throw new Error('a backup can only be written to a file on this machine');
  // The dialog has asked whether to replace a file, except in Theia.
  const unasked = existsSync(target.fsPath) && (await isTheia());
  if (unasked && !(await confirmed(`Replace ${plain(target.fsPath)}?`, 'A file with this name exists already.', 'Replace'))) return false;
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
  return true;
}

async function restore(host: Host, saved: () => Promise<boolean>): Promise<void> {
  const [file] = (await vscode.window.showOpenDialog({ defaultUri: vscode.Uri.file(homedir()), filters, openLabel: 'Restore' })) ?? [];
  if (!file) return;
  const keys = (await host.operator.keys().catch(() => [])).filter(({ owner }) => owner);
  const records = keys.reduce((sum, key) => sum + key.records, 0);
  const size = keys.reduce((sum, key) => sum + key.bytes, 0);
  const lost =
    `Everything that was stored since that backup is gone for all plugins. The store has ${count(records, 'record')} now, ` +
    `${bytes(size)}. It is kept in quarantine.`;
  if (!(await confirmedLoss(`Replace the store by ${plain(file.fsPath)}?`, lost, 'Restore', saved))) return;
  await host.operator.restore(file.fsPath);
  void vscode.window.showInformationMessage(`Restored from ${plain(file.fsPath)}.`);
}

async function addPassphrase(host: Host): Promise<void> {
  const box = { title: 'Add a Passphrase', password: true, ignoreFocusOut: true };
  const passphrase = await vscode.window.showInputBox({ ...box, prompt: 'A new passphrase, which opens the store' });
  if (!passphrase) return;
  const validateInput = (text: string) => (text === '' || text === passphrase ? undefined : 'This is another passphrase.');
  const again = await vscode.window.showInputBox({ ...box, prompt: 'The same passphrase again', validateInput });
  if (again !== passphrase) return;
  await host.operator.addPassphrase(passphrase);
  await removeKeyFile(host, 'the passphrase', 'If you forget the passphrase, all data is lost.', passphrase);
}

async function useKeyring(host: Host): Promise<void> {
  await host.operator.addKeyring();
  await removeKeyFile(host, 'the keyring', 'If the keyring is lost, all data is lost.');
}

/** A store that a key file opens as well is as safe as that file. */
async function removeKeyFile(host: Host, other: string, risk: string, passphrase?: string): Promise<void> {
  const { protectors } = await (await host.sidecar()).status();
  if (protectors.includes('key-file')) {
    const detail = `As long as the key file exists, a person with the whole disk needs nothing else. Without it, only ${other} opens the store. ${risk}`;
    const keep = 'Keep the Key File';
    if (await confirmed(`Remove the key file, so that only ${other} opens the store?`, detail, 'Remove the Key File', keep)) {
      await host.operator.removeKeyFile(passphrase);
      if (passphrase !== undefined) await renew(host, passphrase);
    }
  }
  const left = (await (await host.sidecar()).status()).protectors.map(protector).join(' or ');
  void vscode.window.showInformationMessage(`The store is opened by ${left}.`);
}

/**
 * Locks and unlocks the store. After that the login session keeps the key, and the command line, from which the view gets its lists,
 * needs no passphrase. An unlock of a store that is not locked does nothing.
 */
async function renew(host: Host, passphrase: string): Promise<void> {
  const sidecar = await host.sidecar();
  await sidecar.lock();
  await sidecar.unlock({ passphrase });
}

async function lock(host: Host): Promise<void> {
  if (!(await (await host.sidecar()).lock())) {
    throw new Error('the store was not locked: there is none, or every process can read its key file (see plugin-vault lock)');
  }
  void vscode.window.showInformationMessage('Plugin Vault is locked, in every window.');
}

/** Reasons after which the user is asked again. */
const wrong: readonly unknown[] = ['wrong', 'invalidPassphrase'];

async function unlock(host: Host): Promise<void> {
  const sidecar = await host.sidecar();
  const { protectors } = await sidecar.status();
  // A keyring or a program asks for itself, if it has to.
  if (!protectors.includes('passphrase')) await sidecar.unlock();
  for (let prompt = "The store's passphrase"; protectors.includes('passphrase'); ) {
    const passphrase = await vscode.window.showInputBox({ title: 'Unlock Plugin Vault', prompt, password: true, ignoreFocusOut: true });
    if (!passphrase) return;
    try {
      await sidecar.unlock({ passphrase });
      break;
    } catch (error) {
      if (!isVaultError(error, 'keyUnavailable') || !wrong.includes(error.data.reason)) throw error;
      prompt = 'That passphrase does not open the store. Try again.';
    }
  }
  void vscode.window.showInformationMessage('Plugin Vault is unlocked.');
}

/** With `command`, runs it there. */
function openTerminal(host: Host, command?: string): void {
  const name = Object.keys(process.env).find((each) => each.toUpperCase() === 'PATH') ?? 'PATH';
  const path = `${dirname(host.program())}${delimiter}${process.env[name] ?? ''}`;
  const terminal = vscode.window.createTerminal({ name: 'plugin-vault', env: { [name]: path } });
  terminal.show();
  if (command !== undefined) terminal.sendText(command);
}
