// Reads a record, changes it, and stores it if it has not changed meanwhile. Otherwise does the same again.

import { isVaultError } from './errors';
import type { Vault } from './vault';
import type { Address, Context, JsonObject } from './wire';

export interface UpdateOptions extends Omit<Address, 'context'> {
  /** When the record expires, RFC 3339. By default its expiry stays the same. */
  expiresAt?: string;
  /** The fencing token that the write needs. */
  lease?: number;
  signal?: AbortSignal;
}

/** The stored data after an update. */
export interface Updated {
  data: JsonObject | null;
  revision: number;
}

/** Returns the new object, `null` to delete the record, or `undefined` to leave it. May be called again with newer data. */
export type UpdateFunction = (data: JsonObject | null) => JsonObject | null | undefined | Promise<JsonObject | null | undefined>;

export async function update(
  vault: Vault,
  context: Context,
  change: UpdateFunction,
  options: UpdateOptions,
): Promise<Updated> {
  const { expiresAt, lease, ...address } = options;
  for (;;) {
    const record = await vault.getPersistentRecord(context, address);
    const before = { data: record?.data ?? null, revision: record?.revision ?? 0 };
    const data = await change(structuredClone(before.data));
    if (data === undefined || (data === null && !record)) return before;
    const write = { ...address, lease, ifRevision: before.revision };
    try {
      if (data === null) {
        await vault.deletePersistentData(context, write);
        return { data, revision: 0 };
      }
      const kept = { expiresAt: expiresAt ?? record?.expiresAt };
      const { revision } = await vault.setPersistentData(context, data, { ...write, ...kept });
      return { data, revision };
    } catch (error) {
      if (isVaultError(error, 'revisionConflict')) continue;
      // The sidecar has ended. If the revision is unchanged, it wrote nothing and never will.
      if (!isVaultError(error, 'outcomeUnknown')) throw error;
      const now = await vault.getPersistentRecord(context, address);
      if ((now?.revision ?? 0) !== before.revision) throw error;
    }
  }
}
