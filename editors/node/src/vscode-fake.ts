// `plugin-vault/vscode` for the tests of extensions, without an editor and without a program: the same code on the in-memory store.

import { FakeStore } from './fake';
import type { Caller, ExtensionVault, OpenOptions } from './vscode/api';
import { fakeContext, FakeEditor } from './vscode/fake-editor';
import type { SecretsPlace } from './vscode/place';
import { Window } from './vscode/window';

export interface FakeWindowOptions {
  /** The store. Windows with the same one share its data. By default a new one. */
  store?: FakeStore;
  /** URIs of the open folders. */
  workspaceFolders?: readonly string[];
  /** Where the window's store is: moves depend on it. `'own'` by default. */
  place?: SecretsPlace;
}

/** One window of an editor. */
export class FakeWindow {
  readonly store: FakeStore;
  #editor: FakeEditor;
  #window: Window;

  constructor({ store = new FakeStore(), workspaceFolders = [], place = 'own' }: FakeWindowOptions = {}) {
    this.store = store;
    this.#editor = new FakeEditor(workspaceFolders, place);
    this.#window = new Window(this.#editor, async () => {
      return store.openSidecar({ workspaceFolders: this.#editor.workspace.workspaceFolders!.map(({ uri }) => uri.toString()) });
    });
  }

  /** A context with the editor's secrets and state in memory. Pass it to your own functions as an `ExtensionContext`. */
  context(id = 'me.mine'): Caller {
    return fakeContext(id);
  }

  /** Like `openVault` of `plugin-vault/vscode`, in this window. */
  openVault = (context: Caller = this.context(), options: OpenOptions = {}): Promise<ExtensionVault> =>
    this.#window.open(context, options);

  setWorkspaceFolders(uris: readonly string[]): void {
    this.#editor.setFolders(uris);
  }

  async close(): Promise<void> {
    await this.#window.close();
    this.#window.dispose();
  }
}

export { FakeStore };
export type * from './vscode/api';
export type { SecretsPlace };
