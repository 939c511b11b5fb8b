// The state that the extensions of one window share: one sidecar process, its folders, and the vault of each extension.

import { join } from 'node:path';
import { findBinary, openSidecar } from 'plugin-vault';
import type { KeyOptions, OwnKey, Sidecar, SidecarOptions, Vault } from 'plugin-vault';
import * as vscode from 'vscode';

import { Operator } from './operator';

export class Host implements vscode.Disposable {
  readonly operator = new Operator(() => findBinary(this.options));
  private readonly opened = new vscode.EventEmitter<Sidecar>();
  /** Fires when an extension opens its vault for the first time in this window. */
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

  /** The window's sidecar process. It is started when it is first needed. */
  sidecar(): Promise<Sidecar> {
    if (!this.starting) {
      const starting = openSidecar(this.options);
      this.starting = starting;
      // The next call tries again: the program may be installed by then.
      starting.catch(() => (this.starting = undefined));
    }
    return this.starting;
  }

  /** The vault of one extension in this installation of the editor, with a key that plugin-vault keeps or with the caller's. */
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

  /** Shuts the process down. */
  async close(): Promise<void> {
    await (await this.starting?.catch(() => undefined))?.close();
  }

  dispose(): void {
    this.following.dispose();
    this.opened.dispose();
  }
}

/** The name of this editor among the user's editors: `vscode`, `vscode-insiders`, `code-oss`, `theia`. */
export function installation(): string {
  return vscode.env.uriScheme || 'vscode';
}

function folders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.toString());
}
