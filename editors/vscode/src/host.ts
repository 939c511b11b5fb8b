// What the extension adds to a window of `plugin-vault/vscode`: the user's settings, its packed program, and the command line.

import { join } from 'node:path';
import { findBinary, openSidecar } from 'plugin-vault';
import type { Sidecar, SidecarOptions } from 'plugin-vault';
import * as vscode from 'vscode';

import { editorOf, folders } from '../../node/src/vscode/editor';
import { Window } from '../../node/src/vscode/window';
import { Operator } from './operator';
import { isForEachExtension, socketFor } from './relay';

export class Host extends Window {
  readonly operator: Operator;
  /** The path of the program that a start would use now. */
  readonly program: () => string;

  constructor(extensionPath: string, log: (line: string) => void) {
    const name = process.platform === 'win32' ? 'plugin-vault.exe' : 'plugin-vault';
    const options: SidecarOptions = {
      // Read at each start of the process.
      get binary() {
        return vscode.workspace.getConfiguration('pluginVault').get<string>('path') || undefined;
      },
      get connect() {
        return socketFor(connectSetting(), undefined);
      },
      get workspaceFolders() {
        return folders(vscode);
      },
      binarySetting: 'the setting pluginVault.path',
      packed: join(extensionPath, 'bin', name),
      clientName: `plugin-vault for ${vscode.env.appName}`,
      log,
    };
    super(
      editorOf(vscode),
      (): Promise<Sidecar> => openSidecar(options),
      (plugin): Promise<Sidecar> | undefined => {
        const setting = connectSetting();
        return isForEachExtension(setting) ? openSidecar({ ...options, connect: socketFor(setting, plugin) }) : undefined;
      },
    );
    this.program = () => findBinary(options);
    this.operator = new Operator(this.program);
  }
}

function connectSetting(): string {
  return vscode.workspace.getConfiguration('pluginVault').get<string>('connect') ?? '';
}
