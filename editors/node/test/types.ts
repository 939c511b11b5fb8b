// Calls that must compile, and calls that must not. package.test.mjs compiles this file; it never runs.

import { isVaultError, openSidecar, openVault, type Change, type Lease, type Vault } from 'plugin-vault';
import { FakeStore } from 'plugin-vault/fake';

export async function right(): Promise<void> {
  const vault: Vault = await openVault({ plugin: 'me.mine', installation: 'test', workspaceFolders: ['file:///a'] });
  await vault.setPersistentData('user', { example: 123 }, { name: 'x', ifRevision: 0, signal: AbortSignal.timeout(1) });
  const data: { [name: string]: unknown } | null = await vault.getPersistentData('workspace');
  vault.getPersistentData('user', (error, found) => void [error?.message, found]);
  vault.listPersistentData({ context: 'user' }, (error, list) => void [error, list?.[0]?.bytes]);
  const done: number = await vault.withLease('x', async (lease: Lease) => lease.token);
  const { revision } = await vault.update('user', (old) => ({ ...old, data }));
  const watch = await vault.watchPersistentData((change: Change) => {
    if ('resync' in change || 'ended' in change) return;
    void [change.context, change.deleted];
  });
  void [done, revision, watch.revision];
  await vault.getPersistentData('user').catch((error: unknown) => {
    if (isVaultError(error, 'revisionConflict')) void (error.data.revision satisfies number);
    if (isVaultError(error, 'outcomeUnknown')) void error.message;
  });
  const sidecar = await openSidecar();
  const fake: Vault = await new FakeStore().openVault({ apiKey: '0'.repeat(40) });
  void [await sidecar.status(), fake];
}

export async function wrong(vault: Vault): Promise<void> {
  // @ts-expect-error only two contexts exist
  await vault.getPersistentData('global');
  // @ts-expect-error data is an object
  await vault.setPersistentData('user', 'text');
  // @ts-expect-error a misspelt option must not become a blind write
  await vault.setPersistentData('user', {}, { ifRevison: 1 });
  // @ts-expect-error a key that plugin-vault keeps belongs to an installation
  await openVault({ plugin: 'me.mine' });
  // @ts-expect-error the binding adds the handle
  await vault.getPersistentData('user', { handle: 'x' });
}
