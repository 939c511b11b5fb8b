// Moves secrets from the editor's storage into the vault. It stores all of them, reads all of them back, and only then deletes them
// in the editor's storage. At every moment each secret is in at least one of the two places. The editor keeps its storage on the
// user's own machine, for all windows. So a remote window copies the secrets and never deletes them: the desktop and the other
// remote machines still need them, and so does this machine after it was rebuilt.

import type { SecretStorage } from 'vscode';
import { isVaultError } from 'plugin-vault';

import type { MovedSecrets } from '../api';
import type { Entries } from './entries';

type Source = Pick<SecretStorage, 'get' | 'delete'> & { keys?: () => Thenable<string[]> };

/** With `isRemote`, copies. */
export async function moveSecrets(
  from: Source,
  to: Entries,
  keys: readonly string[] | undefined,
  isRemote: boolean,
): Promise<MovedSecrets> {
  const wanted = keys ?? (await from.keys?.());
  if (!wanted) throw new TypeError('this editor can’t list its secrets: pass their keys');
  const stored = new Map<string, string>();
  for (const key of wanted) {
    const secret = await from.get(key);
    if (secret === undefined) continue;
    await store(to, key, secret);
    stored.set(key, secret);
  }
  const result: MovedSecrets = { moved: [], copied: [], differing: [] };
  for (const [key, secret] of stored) {
    const there = (await to.get(key))?.value === secret;
    result[there ? (isRemote ? 'copied' : 'moved') : 'differing'].push(key);
  }
  for (const key of result.moved) await from.delete(key);
  return result;
}

/** Stores the secret unless there is one already. */
async function store(to: Entries, key: string, secret: string): Promise<void> {
  try {
    await to.set(key, secret, { ifRevision: 0 });
  } catch (error) {
    if (!isVaultError(error, 'revisionConflict')) throw error;
  }
}
