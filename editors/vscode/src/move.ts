// Moves secrets from the editor's storage into the vault: all are stored, all are read back, and only then are they deleted
// where they were. However it is interrupted, each secret is in one of the two places.

import type { SecretStorage } from 'vscode';
import { isVaultError } from 'plugin-vault';

import type { MovedSecrets } from '../api';
import type { Entries } from './entries';

type Source = Pick<SecretStorage, 'get' | 'delete'> & { keys?: () => Thenable<string[]> };

export async function moveSecrets(from: Source, to: Entries, keys?: readonly string[]): Promise<MovedSecrets> {
  const wanted = keys ?? (await from.keys?.());
  if (!wanted) throw new TypeError('this editor does not list its secrets: name their keys');
  const stored = new Map<string, string>();
  for (const key of wanted) {
    const secret = await from.get(key);
    if (secret === undefined) continue;
    await store(to, key, secret);
    stored.set(key, secret);
  }
  const result: MovedSecrets = { moved: [], differing: [] };
  for (const [key, secret] of stored) {
    const there = (await to.get(key))?.value === secret;
    result[there ? 'moved' : 'differing'].push(key);
  }
  for (const key of result.moved) await from.delete(key);
  return result;
}

/** Stores it where nothing is yet. */
async function store(to: Entries, key: string, secret: string): Promise<void> {
  try {
    await to.set(key, secret, { ifRevision: 0 });
  } catch (error) {
    if (!isVaultError(error, 'revisionConflict')) throw error;
  }
}
