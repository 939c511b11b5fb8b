// What the extensions of one window share: one vault process, its folders, and the vault of each extension.

import { join } from 'node:path';
import { findBinary, openSidecar } from 'plugin-vault';
import type { KeyOptions, OwnKey, Sidecar, SidecarOptions, Vault } from 'plugin-vault';
import * as vscode from 'vscode';

import { Operator } from './operator';

export class Host implements vscode.Disposable {
  readonly operator = new Operator(() => findBinary(this.options));
  private readonly opened = new vscode.EventEmitter<Sidecar>();
  /** An extension has opened its vault for the first time in this window. */
  readonly onDidOpen = this.opened.event;
  private readonly vaults = new Map<string, Promise<Vault>>();
  private starting: Promise<Sidecar> | undefined;
  private readonly options: SidecarOptions;
  private readonly following: vscode.Disposable;

  constructor(extensionPath: string, log: (line: string) => void) {
    const program = process.platform === 'win32' ? 'plugin-vault.exe' : 'plugin-vault';
    this.options = {
      // Read at each start of the process.
      get binary() {
        return vscode.workspace.getConfiguration('pluginVault').get<string>('path') || undefined;
      },
      get workspaceFolders() {
        return folders();
      },
      packed: join(extensionPath, 'bin', program),
      clientName: `plugin-vault for ${vscode.env.appName}`,
      log,
    };
    this.following = vscode.workspace.onDidChangeWorkspaceFolders(() => {
      void this.starting?.then((sidecar) => sidecar.setWorkspaceFolders(folders())).catch(() => {});
    });
  }

  /** The window's vault process, started when it is first needed. */
  sidecar(): Promise<Sidecar> {
    if (!this.starting) {
      const starting = openSidecar(this.options);
      this.starting = starting;
      // A program that is installed later is found later.
      starting.catch(() => (this.starting = undefined));
    }
    return this.starting;
  }

  /** The vault of one extension in this installation of the editor, under the vault's key or one of its own. */
  open(plugin: string, own?: OwnKey): Promise<Vault> {
    const name = JSON.stringify([plugin, own]);
    let vault = this.vaults.get(name);
    if (!vault) {
      vault = this.register(own ?? { plugin, installation: installation() });
      this.vaults.set(name, vault);
      vault.catch(() => this.vaults.delete(name));
    }
    return vault;
  }

  private async register(key: KeyOptions): Promise<Vault> {
    const sidecar = await this.sidecar();
    const vault = await sidecar.openVault(key);
    this.opened.fire(sidecar);
    return vault;
  }

  /** Ends the process, politely. */
  async close(): Promise<void> {
    await (await this.starting?.catch(() => undefined))?.close();
  }

  dispose(): void {
    this.following.dispose();
    this.opened.dispose();
  }
}

/** Which of a user's editors this is: `vscode`, `vscode-insiders`, `code-oss`, `theia`. */
export function installation(): string {
  return vscode.env.uriScheme || 'vscode';
}

function folders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.toString());
}
