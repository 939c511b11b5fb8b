// The state that the extensions of one window share: one sidecar process, its folders, and the vault of each extension.

import { join } from 'node:path';
import { findBinary, openSidecar } from 'plugin-vault';
import type { KeyOptions, OwnKey, Sidecar, SidecarOptions, Vault } from 'plugin-vault';
import * as vscode from 'vscode';

import { Operator } from './operator';
import { isForEachExtension, socketFor } from './relay';

export class Host implements vscode.Disposable {
  readonly operator = new Operator(() => findBinary(this.options));
  private readonly opened = new vscode.EventEmitter<Sidecar>();
  /** Fires when an extension opens its vault for the first time in this window. */
  readonly onDidOpen = this.opened.event;
  private readonly vaults = new Map<string, Promise<Vault>>();
  private starting: Promise<Sidecar> | undefined;
  private readonly relayed = new Set<Promise<Sidecar>>();
  private readonly options: SidecarOptions;
  private readonly following: vscode.Disposable;

  constructor(extensionPath: string, log: (line: string) => void) {
    const program = process.platform === 'win32' ? 'plugin-vault.exe' : 'plugin-vault';
    this.options = {
      // Read at each start of the process.
      get binary() {
        return vscode.workspace.getConfiguration('pluginVault').get<string>('path') || undefined;
      },
      get connect() {
        return socketFor(connectSetting(), undefined);
      },
      get workspaceFolders() {
        return folders();
      },
      packed: join(extensionPath, 'bin', program),
      clientName: `plugin-vault for ${vscode.env.appName}`,
      log,
    };
    this.following = vscode.workspace.onDidChangeWorkspaceFolders(() => {
      for (const starting of [this.starting, ...this.relayed]) {
        void starting?.then((sidecar) => sidecar.setWorkspaceFolders(folders())).catch(() => {});
      }
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
    const sidecar = await this.sidecarFor(key);
    const vault = await sidecar.openVault(key);
    this.opened.fire(sidecar);
    return vault;
  }

  /** The process for a key: with a relay for each extension, one of its own. */
  private sidecarFor(key: KeyOptions): Promise<Sidecar> {
    const setting = connectSetting();
    if (key.plugin === undefined || !isForEachExtension(setting)) return this.sidecar();
    const starting = openSidecar({ ...this.options, connect: socketFor(setting, key.plugin) });
    this.relayed.add(starting);
    starting.catch(() => this.relayed.delete(starting));
    return starting;
  }

  /** Shuts the processes down. */
  async close(): Promise<void> {
    const all = [this.starting, ...this.relayed];
    await Promise.all(all.map(async (starting) => (await starting?.catch(() => undefined))?.close()));
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

function connectSetting(): string {
  return vscode.workspace.getConfiguration('pluginVault').get<string>('connect') ?? '';
}

function folders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.toString());
}
