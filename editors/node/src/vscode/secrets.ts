// A `vscode.SecretStorage` in the vault.

import type * as vscode from 'vscode';

import type { VaultSecretStorage } from './api';
import type { Editor } from './editor';
import type { Entries } from './entries';
import type { Opened } from './opened';

export function secretStorage(editor: Editor, entries: Entries, { unlocking, read, subscriptions }: Opened): VaultSecretStorage {
  const changed = new editor.EventEmitter<vscode.SecretStorageChangeEvent>();
  subscriptions.push(changed);
  let watching = false;

  /**
   * Watches other windows' changes from the first listener on; if the store is locked, once it is unlocked. If the watch fails for
   * another reason, the next call reports the error.
   */
  const watch = (): void => {
    if (watching) return;
    watching = true;
    unlocking.wait(() => entries.watch((key) => changed.fire({ key }))).then(
      (end) => subscriptions.push({ dispose: end }),
      () => (watching = false),
    );
  };

  return {
    get onDidChange(): vscode.Event<vscode.SecretStorageChangeEvent> {
      return (...listener) => {
        watch();
        return changed.event(...listener);
      };
    },
    async get(key) {
      const entry = await read(() => entries.get(key));
      return typeof entry?.value === 'string' ? entry.value : undefined;
    },
    async store(key, value) {
      // As in the editor: a value that is not a string is an error of the caller.
      if (typeof value !== 'string') throw new TypeError('A secret must be a string.');
      await entries.set(key, value);
      changed.fire({ key });
    },
    async delete(key) {
      if ((await entries.delete(key)) > 0) changed.fire({ key });
    },
    async keys() {
      return [...(await read(() => entries.keys())).keys()];
    },
  };
}
