// A `vscode.SecretStorage` in the vault.

import * as vscode from 'vscode';

import type { VaultSecretStorage } from '../api';
import type { Entries } from './entries';

export function secretStorage(entries: Entries, subscriptions: vscode.Disposable[]): VaultSecretStorage {
  const changed = new vscode.EventEmitter<vscode.SecretStorageChangeEvent>();
  subscriptions.push(changed);
  let watching = false;

  /** Other windows are listened to from the first listener on. A vault that can't be had now is told by the next call. */
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
      // As the editor does it: what is no string is the caller's mistake.
      if (typeof value !== 'string') throw new TypeError('a secret is a string');
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
