// The user's commands about the data of plugins. A command that destroys data asks first, and says which data.

import * as vscode from 'vscode';

import type { Host } from './host';
import type { ListedKey, RecordAddress } from './operator';
import { confirmed, confirmedLoss } from './questions';
import { bytes, count, editor, plain, recordName } from './words';

type Saved = () => Promise<boolean>;

export async function revoke(host: Host, chosen: ListedKey | undefined, saved: Saved): Promise<void> {
  const key = chosen ?? (await pickKey(host));
  if (!key) return;
  const whose = plain([key.plugin, key.installation ? editor(key.installation) : key.label].filter(Boolean).join(', '));
  const question = `Revoke the key of ${whose || key.keyId}?`;
  const isWanted = key.owner
    ? await confirmedLoss(question, `All data stored under it is destroyed, in every window: ${size([key])}.`, 'Revoke', saved)
    : await confirmed(question, 'This key can no longer read or write. The data stays.', 'Revoke');
  if (!isWanted) return;
  const { destroyed } = await host.operator.revoke(key.keyId);
  void vscode.window.showInformationMessage(destroyed ? 'The key was revoked, and its data destroyed.' : 'The key was revoked.');
}

export async function forget(host: Host, chosen: string | undefined, saved: Saved): Promise<void> {
  const plugin = chosen ?? (await pickPlugin(host));
  if (plugin === undefined) return;
  const keys = (await host.operator.keys()).filter((key) => key.plugin === plugin && key.owner);
  const names = keys.map(({ installation, label }) => plain(installation ? editor(installation) : (label ?? 'a key of its own')));
  const what =
    `All its data is destroyed, in all its installations (${names.join(', ') || 'none'}): ${size(keys)}. ` +
    'Backups that you keep elsewhere still contain it.';
  if (!(await confirmedLoss(`Forget ${plain(plugin)}?`, what, 'Forget', saved))) return;
  const { destroyed } = await host.operator.forget(plugin);
  void vscode.window.showInformationMessage(`Forgotten: ${plain(plugin)}, ${count(destroyed, 'installation')}.`);
}

export async function deleteRecord(host: Host, record: RecordAddress | undefined, saved: Saved): Promise<void> {
  if (!record) return;
  const what = `The record is destroyed, in every window: ${bytes(record.place.bytes)}. ${plain(record.plugin)} may ask you to sign in again.`;
  if (!(await confirmedLoss(`Delete ${title(record)} of ${plain(record.plugin)}?`, what, 'Delete', saved))) return;
  await host.operator.deleteRecord(record);
  void vscode.window.showInformationMessage(`Deleted: ${title(record)} of ${plain(record.plugin)}.`);
}

export async function copyValue(host: Host, record: RecordAddress | undefined): Promise<void> {
  if (!record) return;
  const what = 'Any program on this machine can read the clipboard, and some keep what was in it. The value may be a password or a token.';
  if (!(await confirmed(`Copy the value of ${title(record)} of ${plain(record.plugin)}?`, what, 'Copy Value', 'Don’t Copy'))) return;
  await vscode.env.clipboard.writeText(valueOf(await host.operator.read(record)));
  void vscode.window.showInformationMessage('The value is in the clipboard.');
}

/** The secret itself, if a record is a secret of an extension; otherwise the object. */
function valueOf(text: string): string {
  const data = JSON.parse(text) as { key?: unknown; value?: unknown };
  const isEntry = Object.keys(data).sort().join() === 'key,value';
  if (!isEntry) return text;
  return typeof data.value === 'string' ? data.value : JSON.stringify(data.value);
}

function title({ place }: RecordAddress): string {
  const { label, kind } = recordName(place.name);
  return plain(kind ? `the ${kind} “${label}”` : `“${label}”`);
}

function size(keys: ListedKey[]): string {
  const sum = (of: (key: ListedKey) => number) => keys.reduce((total, key) => total + of(key), 0);
  return `${count(sum((key) => key.records), 'record')}, ${bytes(sum((key) => key.bytes))}`;
}

async function pickKey(host: Host): Promise<ListedKey | undefined> {
  const items = (await host.operator.keys()).map((key) => ({
    label: plain(key.plugin ?? 'No plugin name'),
    description: plain(key.installation ? editor(key.installation) : (key.label ?? '')),
    detail: key.owner ? size([key]) : 'shared key',
    key,
  }));
  return (await vscode.window.showQuickPick(items, { title: 'Revoke a Key', matchOnDescription: true }))?.key;
}

async function pickPlugin(host: Host): Promise<string | undefined> {
  const names = (await host.operator.keys()).map(({ plugin }) => plugin).filter((name) => name !== undefined);
  const items = [...new Set(names)].sort().map((name) => ({ label: plain(name), name }));
  return (await vscode.window.showQuickPick(items, { title: 'Forget a Plugin' }))?.name;
}
