// The same interface in a window of the web, where no process can run, so there is no vault. A caller that asks for the fallback gets
// the editor's own storage. Any other caller gets an error.

import type { ExtensionContext } from 'vscode';

import { LoginNeeded, VaultError } from '../errors';
import type { ExtensionVault, OpenOptions, VaultMemento, VaultSecretStorage } from './api';
import { EditorTokens } from './web-tokens';

/** Where the names of the stored secrets are, for editors that can't list them. */
const INDEX = 'plugin-vault.secretKeys';

export async function openVault(context: ExtensionContext, options: OpenOptions = {}): Promise<ExtensionVault> {
  if (options.fallback !== 'editor') throw notInTheWeb();
  const secrets = secretStorage(context);
  const mementos = { user: asMemento(context.globalState), workspace: asMemento(context.workspaceState) };
  const nothing = async () => ({ moved: [], copied: [], differing: [] });
  return {
    kept: 'editor',
    get vault(): never {
      throw notInTheWeb();
    },
    // The editor's storage is never locked.
    onDidUnlock: () => ({ dispose() {} }),
    asSecretStorage: () => secrets,
    asMemento: async (which) => mementos[which],
    tokens: (tokensOptions) => new EditorTokens(context.secrets, tokensOptions),
    // The values are in the editor's storage already.
    moveSecrets: nothing,
    moveState: nothing,
    close: async () => {},
  };
}

function notInTheWeb(): VaultError {
  const message =
    "Plugin Vault needs a process, which can't run in the web. Pass { fallback: 'editor' } to use the editor's storage for secrets, " +
    'state and tokens instead.';
  return new VaultError('notInTheWeb', message);
}

function secretStorage({ secrets, globalState }: ExtensionContext): VaultSecretStorage {
  const own = secrets as Partial<VaultSecretStorage>;
  const list = (): string[] => globalState.get<string[]>(INDEX, []);
  return {
    get: (key) => secrets.get(key),
    async store(key, value) {
      // The name first: a name without a secret is harmless.
      if (!own.keys && !list().includes(key)) await globalState.update(INDEX, [...list(), key]);
      await secrets.store(key, value);
    },
    async delete(key) {
      await secrets.delete(key);
      if (!own.keys) await globalState.update(INDEX, list().filter((name) => name !== key));
    },
    async keys() {
      const names = own.keys ? await own.keys() : list();
      return names.filter((name) => !EditorTokens.isNameOf(name));
    },
    onDidChange: (...listener) => secrets.onDidChange(...listener),
  };
}

function asMemento(state: ExtensionContext['globalState'] | ExtensionContext['workspaceState']): VaultMemento {
  return {
    keys: () => state.keys().filter((key) => key !== INDEX),
    get: <T>(key: string, otherwise?: T) => state.get(key, otherwise) as T,
    update: (key, value) => state.update(key, value),
    setKeysForSync() {},
  };
}

export { isVaultError } from '../errors';
export { LoginNeeded, VaultError };
