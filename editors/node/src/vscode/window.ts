// What the extensions of one window share: one sidecar process, its folders, and the vault of each extension.

import type * as vscode from 'vscode';

import type { KeptKey } from '../registration';
import type { Sidecar } from '../sidecar';
import type { Vault } from '../vault';
import type { Caller, ExtensionVault, OpenOptions } from './api';
import { folders, type Editor } from './editor';
import { openWithOwnKey } from './own-key';
import { extensionVault } from './extension-vault';

export class Window implements vscode.Disposable {
  #editor: Editor;
  #start: () => Promise<Sidecar>;
  #startFor: (plugin: string) => Promise<Sidecar> | undefined;
  #opened: vscode.EventEmitter<Sidecar>;
  #vaults = new Map<string, Promise<ExtensionVault>>();
  #starting: Promise<Sidecar> | undefined;
  /** The processes of extensions that have a relay of their own. */
  #relayed = new Set<Promise<Sidecar>>();
  #following: vscode.Disposable;

  /**
   * `start` starts the sidecar with the folders that are open then. `startFor` starts one more for an extension that has a relay of its
   * own.
   */
  constructor(
    editor: Editor,
    start: () => Promise<Sidecar>,
    startFor: (plugin: string) => Promise<Sidecar> | undefined = () => undefined,
  ) {
    this.#editor = editor;
    this.#start = start;
    this.#startFor = startFor;
    this.#opened = new editor.EventEmitter<Sidecar>();
    this.#following = editor.workspace.onDidChangeWorkspaceFolders(() => {
      for (const starting of this.#all()) {
        void starting.then((sidecar) => sidecar.setWorkspaceFolders(folders(editor))).catch(() => {});
      }
    });
  }

  /** Fires when an extension opens its vault for the first time in this window. */
  get onDidOpen(): vscode.Event<Sidecar> {
    return this.#opened.event;
  }

  /** The window's sidecar process. It is started when it is first needed. */
  sidecar(): Promise<Sidecar> {
    if (!this.#starting) {
      const starting = this.#start();
      this.#starting = starting;
      // The next call tries again: the program may be installed by then.
      starting.catch(() => (this.#starting = undefined));
    }
    return this.#starting;
  }

  /**
   * The vault of one extension in this installation of the editor. In a window it is the same one each time, so that all callers share
   * its entries and events. Closing it does not end the process, which other extensions may use.
   */
  open(caller: Caller, options: OpenOptions = {}): Promise<ExtensionVault> {
    const { apiKey, mustExist, keyIn } = options;
    const name = JSON.stringify([caller.extension.id, apiKey, mustExist, keyIn]);
    let opening = this.#vaults.get(name);
    if (!opening) {
      opening = this.#open(caller, options, () => this.#vaults.delete(name));
      this.#vaults.set(name, opening);
      opening.catch(() => this.#vaults.delete(name));
    }
    return opening;
  }

  async #open(caller: Caller, options: OpenOptions, onClose: () => void): Promise<ExtensionVault> {
    const sidecar = await this.#sidecarFor(caller.extension.id);
    const vault = await this.#vault(sidecar, caller, options);
    this.#opened.fire(sidecar);
    const close = (): Promise<void> => {
      onClose();
      return vault.close();
    };
    return { ...extensionVault(this.#editor, vault, caller, options), close };
  }

  #vault(sidecar: Sidecar, caller: Caller, { apiKey, mustExist, keyIn }: OpenOptions): Promise<Vault> {
    if (apiKey !== undefined) return sidecar.openVault({ apiKey, mustExist });
    const kept: KeptKey = { plugin: caller.extension.id, installation: installation(this.#editor) };
    return keyIn === undefined ? sidecar.openVault(kept) : openWithOwnKey(sidecar, kept, caller.secrets);
  }

  #sidecarFor(plugin: string): Promise<Sidecar> {
    const starting = this.#startFor(plugin);
    if (!starting) return this.sidecar();
    this.#relayed.add(starting);
    starting.catch(() => this.#relayed.delete(starting));
    return starting;
  }

  #all(): Promise<Sidecar>[] {
    return [...(this.#starting ? [this.#starting] : []), ...this.#relayed];
  }

  /** Shuts the processes down. */
  async close(): Promise<void> {
    await Promise.all(this.#all().map(async (starting) => (await starting.catch(() => undefined))?.close()));
  }

  dispose(): void {
    this.#following.dispose();
    this.#opened.dispose();
  }
}

/** The name of this editor among the user's editors: `vscode`, `vscode-insiders`, `code-oss`, `theia`. */
export function installation({ env }: Pick<Editor, 'env'>): string {
  return env.uriScheme || 'vscode';
}
