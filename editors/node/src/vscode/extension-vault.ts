// The storages of one extension, over its vault.

import type { Vault } from '../vault';
import type { Caller, ExtensionVault, OpenOptions } from './api';
import type { Editor } from './editor';
import { Entries, type Place } from './entries';
import { memento, type LoadedMemento } from './memento';
import { move, type Source, type Target } from './move';
import type { Opened } from './opened';
import { notDurable } from './place';
import { secretStorage } from './secrets';
import { Unlocking } from './unlocking';

export function extensionVault(editor: Editor, vault: Vault, caller: Caller, options: OpenOptions): Omit<ExtensionVault, 'close'> {
  const unlocking = new Unlocking(editor, vault.sidecar);
  const { subscriptions } = caller;
  subscriptions.push(unlocking);
  const read: Opened['read'] = options.whenLocked === 'wait' ? (call) => unlocking.wait(call) : (call) => call();
  const opened: Opened = { unlocking, read, subscriptions };

  const entries = new Entries(vault, { context: 'user' }, 'secret:');
  const secrets = secretStorage(editor, entries, opened);

  const mementos = new Map<string, Promise<LoadedMemento>>();
  const load = (context: 'user' | 'workspace'): Promise<LoadedMemento> => {
    const known = mementos.get(context);
    if (known) return known;
    const end = (dispose: () => void): void => void subscriptions.push({ dispose });
    const loading = read(() => memento(stateEntries(context), end));
    mementos.set(context, loading);
    // After a failure the next call loads it again.
    loading.catch(() => mementos.delete(context));
    return loading;
  };
  const stateEntries = (context: 'user' | 'workspace'): Entries => new Entries(vault, place(editor, context), 'state:');

  const moveFrom = async (from: Source, to: Target, keys: readonly string[] | undefined) => {
    const where = editor.placeOf(await vault.sidecar.status());
    if (where === 'container') throw notDurable();
    return move(from, to, keys, where === 'remote');
  };

  return {
    kept: 'vault',
    vault,
    onDidUnlock: unlocking.onDidUnlock,
    asSecretStorage: () => secrets,
    asMemento: async (context) => (await load(context)).memento,
    tokens: (tokensOptions) => vault.tokens(tokensOptions),
    moveSecrets: async (keys) => {
      const to: Target = {
        offer: async (key, value) => void (await read(() => entries.offer(key, value))),
        get: async (key) => (await entries.get(key))?.value,
      };
      return moveFrom(caller.secrets, to, keys);
    },
    moveState: async (context, keys) => {
      const from = context === 'user' ? caller.globalState : caller.workspaceState;
      const { offer } = await load(context);
      const stored = stateEntries(context);
      const source: Source = {
        keys: () => from.keys(),
        get: (key) => from.get(key),
        delete: (key) => from.update(key, undefined),
      };
      return moveFrom(source, { offer, get: async (key) => (await stored.get(key))?.value }, keys);
    },
  };
}

/**
 * The place of a memento. A workspace of several folders uses the URI of its workspace file. Empty windows have no URI, and share
 * one place.
 */
function place({ workspace }: Editor, context: 'user' | 'workspace'): Place {
  if (context === 'user') return { context };
  const uri = workspace.workspaceFile ?? workspace.workspaceFolders?.[0]?.uri ?? 'untitled:empty-window';
  return { context, workspaceFolder: uri.toString() };
}
