// Calls of an extension of VS Code that must compile, and calls that must not. types.test.mjs compiles this file; it never runs.

import type { ExtensionContext, Memento, SecretStorage } from 'vscode';
import { isVaultError, openVault, type ExtensionVault } from 'plugin-vault/vscode';
import { FakeWindow } from 'plugin-vault/vscode-fake';

export async function activate(context: ExtensionContext): Promise<void> {
  const vault: ExtensionVault = await openVault(context, { fallback: 'editor', keyIn: 'context.secrets', whenLocked: 'wait' });
  const secrets: SecretStorage = vault.asSecretStorage();
  const state: Memento = await vault.asMemento('workspace');
  const { accessToken } = await vault.tokens({ name: 'x', refresh: ({ refreshToken }) => ({ accessToken: 'a', refreshToken }) }).get();
  const { moved, copied, differing }: Record<string, string[]> = { ...(await vault.moveSecrets()) };
  context.subscriptions.push(vault.onDidUnlock(() => void secrets.get('token')));
  await vault.moveState('user', ['one']).catch((error: unknown) => isVaultError(error, 'notDurable'));
  void [state.get<number>('calls', 0), accessToken, moved, copied, differing, vault.vault.key.plugin];
  const fake: ExtensionVault = await new FakeWindow({ place: 'remote' }).openVault(context);
  await fake.close();
  // @ts-expect-error only two contexts exist
  await vault.asMemento('global');
  // @ts-expect-error the only fallback is the editor
  await openVault(context, { fallback: 'memory' });
}
