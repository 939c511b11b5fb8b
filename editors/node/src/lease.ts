// Work under a lease: acquires the lease, renews it during the work, and releases it afterwards. One window at a time.

import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import type { Callback } from './calls';
import { isVaultError } from './errors';
import type { Vault } from './vault';
import type { PersistentRecord } from './records';
import type { Address, Context } from './wire';
import type { Signal } from './signal';

export interface LeaseOptions {
  /** Milliseconds after which the lease expires unless it is renewed, 100 to 600,000; 30,000 by default. */
  ttlMs?: number;
  /** Milliseconds to wait for the lease while another window holds it, 0 to 600,000; 60,000 by default. Then `leaseHeld`. */
  waitMs?: number;
  signal?: Signal;
}

export interface ReplaceOptions extends Omit<Address, 'context'> {
  expiresAt?: string;
  /** Whether the data that is stored now is spent too. By default it is if it equals the data that was read. */
  isSpent?: (data: object | null) => boolean;
  /** Stops retrying. */
  signal?: Signal;
}

/** Whether the new data was stored. If not, another window's data is, with this revision. */
export interface Replaced {
  stored: boolean;
  revision: number;
}

/** The argument of the work. */
export interface Lease {
  /** The fencing token, for `lease` in writes. A write is refused with `leaseLost` once the lease is lost. */
  readonly token: number;
  /** Aborted when the lease is lost, or when the caller's signal is aborted. */
  readonly signal: Signal;
  /**
   * Stores `data` as the successor of `seen`, a record that was read under the lease and is spent by now: a rotated token. If
   * the lease was lost meanwhile (a laptop slept), `data` may still be the only valid token. Then it is stored if the stored
   * data is spent too, and dropped if another window has stored newer data. Retries while the disk is full or the store busy.
   */
  replace(
    context: Context,
    seen: PersistentRecord<object> | null,
    data: object,
    options?: ReplaceOptions,
  ): Promise<Replaced>;
}

export type Work<R> = (lease: Lease) => R | Promise<R>;

/** A `Call` whose result is the result of the work. */
export interface WithLease {
  <R>(name: string, work: Work<R>, options?: LeaseOptions): Promise<R>;
  <R>(name: string, work: Work<R>, callback: Callback<R>): void;
  <R>(name: string, work: Work<R>, options: LeaseOptions | undefined, callback: Callback<R>): void;
}

export async function withLease<R>(
  vault: Vault,
  name: string,
  work: Work<R>,
  { ttlMs = 30_000, waitMs = 60_000, signal }: LeaseOptions,
): Promise<R> {
  const token = await acquire(vault, name, ttlMs, waitMs, signal);
  const lost = new AbortController();
  const renewal = setInterval(() => {
    vault.renewLease(name, token).catch((error) => {
      // Any other error may not occur at the next renewal.
      if (!isVaultError(error, 'leaseLost') && !isVaultError(error, 'closed')) return;
      lost.abort(error);
      clearInterval(renewal);
    });
  }, ttlMs / 3);
  try {
    return await work({
      token,
      signal: signal ? AbortSignal.any([signal, lost.signal]) : lost.signal,
      replace: (context, seen, data, options = {}) => replace(vault, token, context, seen, data, options),
    });
  } finally {
    clearInterval(renewal);
    // Otherwise it expires.
    await vault.releaseLease(name, token).catch(() => {});
  }
}

/** A lease ends with the process that acquired it. So if that process ended, no lease is held, and the request is repeated. */
async function acquire(
  vault: Vault,
  name: string,
  ttlMs: number,
  waitMs: number,
  signal: Signal | undefined,
): Promise<number> {
  const deadline = performance.now() + waitMs;
  for (let left = waitMs; ; left = Math.max(0, Math.ceil(deadline - performance.now()))) {
    try {
      return (await vault.acquireLease(name, ttlMs, { waitMs: left, signal })).lease;
    } catch (error) {
      if (!isVaultError(error, 'outcomeUnknown')) throw error;
    }
  }
}

async function replace(
  vault: Vault,
  token: number,
  context: Context,
  seen: PersistentRecord<object> | null,
  data: object,
  { isSpent, expiresAt, signal, ...address }: ReplaceOptions,
): Promise<Replaced> {
  const spent = isSpent ?? ((stored) => isDeepStrictEqual(stored, seen?.data ?? null));
  const write = { ...address, expiresAt, signal };
  let lease: number | undefined = token;
  let ifRevision = seen?.revision ?? 0;
  for (let tries = 0; ; tries += 1) {
    try {
      if (tries > 0) {
        const now = await vault.getPersistentRecord(context, { ...address, signal });
        ifRevision = now?.revision ?? 0;
        // Stored by an earlier attempt whose answer was lost.
        if (isDeepStrictEqual(now?.data, data)) return { stored: true, revision: ifRevision };
        if (!spent(now?.data ?? null)) return { stored: false, revision: ifRevision };
      }
      const { revision } = await vault.setPersistentData(context, data, { ...write, ifRevision, lease });
      return { stored: true, revision };
    } catch (error) {
      if (!isVaultError(error) || signal?.aborted) throw error;
      // Without a code it is not the store's answer: for example, the program is being updated.
      const passes = error.retryable || error.kind === 'storeFailed' || (error.code === undefined && error.kind !== 'closed');
      if (!READ_AGAIN.has(error.kind) && !passes) throw error;
      if (error.kind === 'leaseLost') lease = undefined;
      if (passes) await setTimeout(Math.min(50 * tries, PAUSE), undefined, { signal });
    }
  }
}

/** Errors after which the record is read again to decide. */
const READ_AGAIN: ReadonlySet<string> = new Set(['leaseLost', 'revisionConflict', 'outcomeUnknown']);
/** The longest pause before a retry, in milliseconds. */
const PAUSE = 5_000;
