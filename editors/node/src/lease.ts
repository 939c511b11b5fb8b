// Work under a lease: acquired, renewed while the work goes on, given up behind it. One window at a time.

import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import type { Callback } from './calls';
import { isVaultError, VaultError } from './errors';
import type { Vault } from './vault';
import type { Address, Context, JsonObject, PersistentRecord } from './wire';

export interface LeaseOptions {
  /** Milliseconds after which the lease is free if nobody renews it, 100 to 600,000; 30,000 by default. */
  ttlMs?: number;
  /** Milliseconds to wait for it while another has it, 0 to 600,000; 60,000 by default. Then it is `leaseHeld`. */
  waitMs?: number;
  signal?: AbortSignal;
}

export interface ReplaceOptions extends Omit<Address, 'context'> {
  expiresAt?: string;
  /** Whether what is stored now is used up too; by default if it is the same data as what was read. */
  isSpent?: (data: JsonObject | null) => boolean;
  /** Gives up trying. */
  signal?: AbortSignal;
}

/** Whether ours was stored; if not, another's is, with this revision. */
export interface Replaced {
  stored: boolean;
  revision: number;
}

/** What the work gets. */
export interface Lease {
  /** The fencing token, for `lease` in writes: refused as `leaseLost` when the lease is not ours any more. */
  readonly token: number;
  /** Aborted when the lease is lost, and when the caller's signal is. */
  readonly signal: AbortSignal;
  /**
   * Stores what came in the place of `seen`, a record that was read under the lease and is used up by now: a rotated
   * token. If the lease was lost meanwhile (a laptop slept), ours may still be the only one that is good: then it is
   * stored if what is there is spent too, and dropped if another has stored a newer one. A full disk and a busy store are
   * waited for.
   */
  replace(
    context: Context,
    seen: PersistentRecord | null,
    data: JsonObject,
    options?: ReplaceOptions,
  ): Promise<Replaced>;
}

export type Work<R> = (lease: Lease) => R | Promise<R>;

/** A `Call`, whose result is that of the work. */
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
      // Anything else may be better the next time.
      if (isVaultError(error, 'leaseLost')) lost.abort(error);
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
    // It is free anyhow when its time is over.
    await vault.releaseLease(name, token).catch(() => {});
  }
}

/** A lease ends with the process that acquired it: if that has ended, nothing is held, and it is asked for again. */
async function acquire(
  vault: Vault,
  name: string,
  ttlMs: number,
  waitMs: number,
  signal: AbortSignal | undefined,
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
  seen: PersistentRecord | null,
  data: JsonObject,
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
        // Also ours, from a write whose answer was lost.
        if (isDeepStrictEqual(now?.data, data)) return { stored: true, revision: ifRevision };
        if (!spent(now?.data ?? null)) return { stored: false, revision: ifRevision };
      }
      const { revision } = await vault.setPersistentData(context, data, { ...write, ifRevision, lease });
      return { stored: true, revision };
    } catch (error) {
      if (!(error instanceof VaultError) || signal?.aborted) throw error;
      if (!READ_AGAIN.has(error.kind) && !error.retryable) throw error;
      if (error.kind === 'leaseLost') lease = undefined;
      if (error.retryable) await setTimeout(Math.min(50 * tries, PAUSE), undefined, { signal });
    }
  }
}

/** Errors after which the record says what to do. */
const READ_AGAIN: ReadonlySet<string> = new Set(['leaseLost', 'revisionConflict', 'outcomeUnknown']);
/** The longest pause, in milliseconds, before what may go better later is tried again. */
const PAUSE = 5_000;
