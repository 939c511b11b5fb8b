// The vault of an extension of VS Code, and of the editors that run its extensions: secrets, state and tokens.

import { join } from 'node:path';

import * as vscode from 'vscode';

import type { BinaryOptions } from './binary';
import { openSidecar } from './sidecar';
import type { Caller, ExtensionVault, OpenOptions } from './vscode/api';
import { editorOf, folders } from './vscode/editor';
import { Window } from './vscode/window';

export interface ExtensionOptions extends OpenOptions, BinaryOptions {
  /** Gets each line that the program writes to stderr. The lines contain no key and no value. */
  log?: (line: string) => void;
}

let window: Window | undefined;

/**
 * Opens the vault of your extension. In a window it is the same one each time; the options for the program are those of the first call.
 * `packed` is by default `bin/plugin-vault` in your extension, where `npx plugin-vault pack --target SYSTEM bin` puts it.
 * It does not reject if the store is locked or can't be opened now. Rejects with `binaryNotFound`, `binaryUnsuitable`, `vaultEnded`, or
 * an error of the key.
 */
export async function openVault(context: vscode.ExtensionContext, options: ExtensionOptions = {}): Promise<ExtensionVault> {
  window ??= start(context, options);
  const mine = window;
  const vault = await mine.open(context as Caller, options);
  const close = (): Promise<void> => {
    if (window === mine) window = undefined;
    return mine.close();
  };
  return { ...vault, close };
}

function start(context: vscode.ExtensionContext, options: ExtensionOptions): Window {
  const program = process.platform === 'win32' ? 'plugin-vault.exe' : 'plugin-vault';
  const packed = join(context.extensionPath, 'bin', program);
  const started = new Window(editorOf(vscode), () =>
    openSidecar({ packed, clientName: context.extension.id, ...options, workspaceFolders: folders(vscode) }),
  );
  context.subscriptions.push(started, { dispose: () => void started.close() });
  return started;
}

export { isVaultError, LoginNeeded, VaultError } from './errors';
export type * from './vscode/api';
