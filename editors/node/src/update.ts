// Read, change, store if nobody else has stored meanwhile, and again if somebody has.

import { isVaultError } from './errors';
import type { Vault } from './vault';
import type { Address, Context, JsonObject } from './wire';

export interface UpdateOptions extends Omit<Address, 'context'> {
  /** When the record ends by itself, RFC 3339; as it was if absent. */
  expiresAt?: string;
  /** The fencing token under which the write has to happen. */
  lease?: number;
  signal?: AbortSignal;
}

/** What is stored after an update. */
export interface Updated {
  data: JsonObject | null;
  revision: number;
}

/** Gives the new object, `null` to delete it, or `undefined` to leave it. May be called again with newer data. */
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
      // The vault that was asked has ended: if the revision is still the same, it wrote nothing and never will.
      if (!isVaultError(error, 'outcomeUnknown')) throw error;
      const now = await vault.getPersistentRecord(context, address);
      if ((now?.revision ?? 0) !== before.revision) throw error;
    }
  }
}
