// A key that the editor's secret storage keeps for the extension, and plugin-vault does not.

import { isVaultError } from '../errors';
import type { KeptKey } from '../registration';
import type { Sidecar } from '../sidecar';
import type { Vault } from '../vault';
import type { Caller } from './api';

const LEASE = 'plugin-vault.key';

/**
 * Opens a vault with the key in `context.secrets`. Issues one if there is none, or if the user has revoked it. `kept` is the key that
 * plugin-vault keeps for the extension: under its lease one window at a time issues a key, and nothing is stored with it. The editor
 * keeps its secrets for all machines, so each store has its own one.
 */
export async function openWithOwnKey(sidecar: Sidecar, kept: KeptKey, secrets: Caller['secrets']): Promise<Vault> {
  const { storeId } = await sidecar.status();
  // A locked store has an id too. So only the first opening fails if the store is locked.
  const stored = storeId && (await openStored(sidecar, storeId, secrets));
  if (stored) return stored;
  const turn = await sidecar.openVault(kept);
  try {
    return await turn.withLease(LEASE, async () => {
      // The lease has created the store, if there was none.
      const id = (await sidecar.status()).storeId!;
      const issuedMeanwhile = await openStored(sidecar, id, secrets);
      if (issuedMeanwhile) return issuedMeanwhile;
      const { apiKey } = await sidecar.issueAPIKey({ plugin: kept.plugin });
      await secrets.store(nameIn(id), apiKey);
      return await sidecar.openVault({ apiKey, mustExist: true });
    });
  } finally {
    await turn.close();
  }
}

function nameIn(storeId: string): string {
  return `plugin-vault.key.${storeId}`;
}

/** Opens a vault with the key of this store, unless there is none or the user has revoked it. */
async function openStored(sidecar: Sidecar, storeId: string, secrets: Caller['secrets']): Promise<Vault | undefined> {
  const apiKey = await secrets.get(nameIn(storeId));
  if (apiKey === undefined) return undefined;
  try {
    return await sidecar.openVault({ apiKey, mustExist: true });
  } catch (error) {
    if (!isVaultError(error, 'apiKeyRevoked')) throw error;
    return undefined;
  }
}
