// A `vscode.SecretStorage` in the vault.

import * as vscode from 'vscode';

import type { VaultSecretStorage } from '../api';
import type { Entries } from './entries';

export function secretStorage(entries: Entries, subscriptions: vscode.Disposable[]): VaultSecretStorage {
  const changed = new vscode.EventEmitter<vscode.SecretStorageChangeEvent>();
  subscriptions.push(changed);
  let watching = false;

  /** Watches other windows' changes from the first listener on. If the watch fails, the next call reports the error. */
  const watch = (): void => {
    if (watching) return;
    watching = true;
    entries.watch((key) => changed.fire({ key })).then(
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
      const entry = await entries.get(key);
      return typeof entry?.value === 'string' ? entry.value : undefined;
    },
    async store(key, value) {
      // As in the editor: a value that is not a string is an error of the caller.
      if (typeof value !== 'string') throw new TypeError('a secret must be a string');
      await entries.set(key, value);
      changed.fire({ key });
    },
    async delete(key) {
      if ((await entries.delete(key)) > 0) changed.fire({ key });
    },
    async keys() {
      return [...(await entries.keys()).keys()];
    },
  };
}
