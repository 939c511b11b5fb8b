// Reads a record, changes it, and stores it if it has not changed meanwhile. Otherwise does the same again.

import { isVaultError } from './errors';
import type { Vault } from './vault';
import type { Callback } from './calls';
import type { Address, Context, JsonObject } from './wire';
import type { Signal } from './signal';

export interface UpdateOptions extends Omit<Address, 'context'> {
  /** When the record expires, RFC 3339. By default its expiry stays the same. */
  expiresAt?: string;
  /** The fencing token that the write needs. */
  lease?: number;
  signal?: Signal;
}

/** The stored data after an update. */
export interface Updated<T extends object = JsonObject> {
  data: T | null;
  revision: number;
}

/** Returns the new object, `null` to delete the record, or `undefined` to leave it. May be called again with newer data. */
export type UpdateFunction<T extends object = JsonObject> = (
  data: T | null,
) => T | null | undefined | Promise<T | null | undefined>;

/** A `Call` whose data has the caller's type. */
export interface UpdateCall {
  <T extends object = JsonObject>(context: Context, change: UpdateFunction<T>, options?: UpdateOptions): Promise<Updated<T>>;
  <T extends object = JsonObject>(context: Context, change: UpdateFunction<T>, callback: Callback<Updated<T>>): void;
  <T extends object = JsonObject>(
    context: Context,
    change: UpdateFunction<T>,
    options: UpdateOptions | undefined,
    callback: Callback<Updated<T>>,
  ): void;
}

export async function update<T extends object>(
  vault: Vault,
  context: Context,
  change: UpdateFunction<T>,
  options: UpdateOptions,
): Promise<Updated<T>> {
  const { expiresAt, lease, ...address } = options;
  for (;;) {
    const record = await vault.getPersistentRecord<T>(context, address);
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
