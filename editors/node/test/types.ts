// Calls that must compile, and calls that must not. types.test.mjs compiles this file; it never runs.

import { isVaultError, LoginNeeded, openSidecar, openVault, type Change, type Lease, type Vault } from 'plugin-vault';
import { FakeStore } from 'plugin-vault/fake';

interface Tokens {
  accessToken: string;
  refreshToken: string;
  expiresAt?: number;
}

/** An `interface` has no index signature. It can be stored and read nevertheless. */
export async function interfaces(vault: Vault): Promise<void> {
  const tokens: Tokens = { accessToken: 'a', refreshToken: 'r' };
  await vault.setPersistentData('user', tokens);
  await vault.patchPersistentData('user', tokens);
  const read: Tokens | null = await vault.getPersistentData<Tokens>('user');
  const record = await vault.getPersistentRecord<Tokens>('user', { name: 'x' });
  vault.getPersistentData<Tokens>('user', (_error, found) => void found?.accessToken);
  const { data } = await vault.update<Tokens>('user', (old) => ({ ...(old ?? tokens), expiresAt: 1 }));
  await vault.withLease('x', (lease) => lease.replace('user', record, tokens, { isSpent: (stored) => stored === null }));
  const login = vault.tokens<Tokens>({ name: 'x', refresh: async (old) => (old.expiresAt ? { ...old } : null) });
  await login.set(tokens);
  const current: Tokens = await login.get({ rejected: tokens });
  await vault.tokens({ name: 'x', refresh: ({ refreshToken }) => ({ accessToken: 'a', refreshToken }) }).clear();
  void [read?.accessToken, record?.data.accessToken, record?.revision, data?.expiresAt, current];
}

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
    if (isVaultError(error, 'loginNeeded')) void (error.data.reason satisfies 'missing' | 'refused');
    if (error instanceof LoginNeeded) void error.data.reason;
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
  // @ts-expect-error the refresh returns tokens of the same type
  vault.tokens<Tokens>({ name: 'x', refresh: async () => ({ token: 'a' }) });
  // @ts-expect-error a misspelt option must not become a blind write
  await vault.setPersistentData('user', {}, { ifRevison: 1 });
  // @ts-expect-error a key that plugin-vault keeps belongs to an installation
  await openVault({ plugin: 'me.mine' });
  // @ts-expect-error the binding adds the handle
  await vault.getPersistentData('user', { handle: 'x' });
}
