// Tokens that change with each use: all windows of all editors share one login, and one window at a time refreshes it.
// docs/recipes.md has the rules, and the losses that they prevent.

import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { cancelled, isVaultError, LoginNeeded } from './errors';
import { abortable, plain } from './token-calls';
import type { Lease } from './lease';
import type { Vault } from './vault';
import type { PersistentRecord } from './records';
import type { Signal } from './signal';

/** Tokens with the members that `tokens` knows. They may have any others. */
export interface RefreshableTokens {
  accessToken: string;
  /** Identifies the tokens: two objects with the same `refreshToken` are the same tokens. Without it, all members are compared. */
  refreshToken?: string;
  /** When to refresh, in milliseconds since 1970, computed with the local clock from the server's `expires_in`. */
  expiresAt?: number;
}

export interface TokensOptions<T extends object> {
  /** The name of the record, in the context `user`, and of the lease. */
  name: string;
  /**
   * Asks the server for new tokens. Returns `null` only if the server refuses the old ones; any error that it throws reaches the
   * caller of `get`, and changes nothing. If the server gives no new refresh token, the result has the old one. The old tokens
   * are spent when the server answers, so it must not wait for anything else after that.
   */
  refresh: (tokens: T) => T | null | Promise<T | null>;
  /** Whether to use the tokens without a refresh. By default, whether `expiresAt` is in the future. */
  isFresh?: (tokens: T) => boolean;
  /**
   * How often to read the record again after the server refused the stored tokens, every 200 ms; 300 by default. A window that
   * sleeps may have their successors. Reads are counted, not time, because time passes while a laptop sleeps.
   */
  reads?: number;
  /** Milliseconds after which the lease expires unless it is renewed, which happens during the refresh; 60,000 by default. */
  leaseMs?: number;
}

export interface GetTokensOptions<T extends object> {
  /** Tokens that the service has just rejected (HTTP 401). If they are still stored, they are refreshed, whatever their date. */
  rejected?: T | null;
  /** Stops waiting. A refresh that is running continues, so that its result is stored. */
  signal?: Signal;
}

/** Made by `vault.tokens`. */
export interface Tokens<T extends object> {
  /** Tokens to use now. Refreshes them if necessary, at most once. Rejects with `LoginNeeded` if the user has to log in. */
  get(options?: GetTokensOptions<T>): Promise<T>;
  /** Stores a new login. A refresh that is running in any window does not undo it. */
  set(tokens: T): Promise<void>;
  /** Logs out. A refresh that is running in any window does not undo it. */
  clear(): Promise<void>;
}

/** Milliseconds. A long lease has no cost: it is free as soon as its process ends. */
const LEASE = 60_000;
/** Milliseconds between two reads that look for the successor of refused tokens. */
const PAUSE = 200;

export class VaultTokens<T extends object> implements Tokens<T> {
  #vault: Vault;
  #options: TokensOptions<T>;
  /** The run that overlapping calls share. */
  #running: { rejected: unknown; result: Promise<T> } | undefined;
  /** The tokens that the server refused, and whether their successor was looked for in vain. They are never presented again. */
  #refused: { tokens: T; final: boolean } | undefined;

  constructor(vault: Vault, options: TokensOptions<T>) {
    this.#vault = vault;
    this.#options = { ...options };
  }

  async get({ rejected, signal }: GetTokensOptions<T> = {}): Promise<T> {
    if (signal?.aborted) throw cancelled(signal);
    if (!this.#running || !isDeepStrictEqual(this.#running.rejected, rejected)) this.#begin(rejected);
    const result = this.#running!.result.then((tokens) => structuredClone(tokens));
    return signal ? abortable(result, signal) : result;
  }

  async set(tokens: T): Promise<void> {
    const data = plain(tokens);
    await this.#replaceLogin(() => this.#vault.setPersistentData('user', data, this.#address));
  }

  async clear(): Promise<void> {
    await this.#replaceLogin(() => this.#vault.deletePersistentData('user', this.#address));
  }

  get #address(): { name: string } {
    return { name: this.#options.name };
  }

  /** A call of `get` after this must not share a run that began before. */
  async #replaceLogin(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } finally {
      this.#running = undefined;
    }
  }

  #begin(rejected: T | null | undefined): void {
    const running = { rejected, result: this.#run(rejected) };
    this.#running = running;
    const ended = (): void => {
      if (this.#running === running) this.#running = undefined;
    };
    running.result.then(ended, ended);
  }

  async #run(rejected: T | null | undefined): Promise<T> {
    const isGood = (tokens: T): boolean => !isDeepStrictEqual(tokens, rejected) && this.#isFresh(tokens);
    for (let reads = 0; ; ) {
      const stored = await this.#vault.getPersistentData<T>('user', this.#address);
      if (!stored) throw new LoginNeeded('missing');
      if (isGood(stored)) return stored;
      if (this.#isRefused(stored)) {
        reads += 1;
        if (this.#refused!.final || reads > (this.#options.reads ?? 300)) {
          this.#refused!.final = true;
          throw new LoginNeeded('refused');
        }
        await setTimeout(PAUSE);
      } else {
        const tokens = await this.#vault.keepOpen(this.#refresh(isGood));
        if (tokens) return tokens;
      }
    }
  }

  /** Refreshes the stored tokens. `undefined`: the record has to be read again. */
  async #refresh(isGood: (tokens: T) => boolean): Promise<T | undefined> {
    const { name, leaseMs = LEASE } = this.#options;
    let acquired = false;
    try {
      return await this.#vault.withLease(
        name,
        async (lease) => {
          acquired = true;
          const seen = await this.#vault.getPersistentRecord<T>('user', this.#address);
          // Another window has refreshed them, or the user has logged out.
          if (!seen || isGood(seen.data) || this.#isRefused(seen.data)) return undefined;
          const given = await this.#options.refresh(structuredClone(seen.data));
          if (given !== null) return this.#store(lease, seen, plain(given));
          this.#refused = { tokens: seen.data, final: false };
          return undefined;
        },
        { ttlMs: leaseMs, waitMs: LEASE },
      );
    } catch (error) {
      // Another window is still refreshing.
      if (!acquired && isVaultError(error, 'leaseHeld')) return undefined;
      throw error;
    }
  }

  /** Stores the successors of `seen`, unless newer tokens are stored, which are returned instead, whatever their date. */
  async #store(lease: Lease, seen: PersistentRecord<T>, tokens: T): Promise<T | undefined> {
    const isSpent = (stored: object | null): boolean => stored !== null && same(stored, seen.data);
    const { stored } = await lease.replace('user', seen, tokens, { ...this.#address, isSpent });
    if (stored) return tokens;
    return (await this.#vault.getPersistentData<T>('user', this.#address)) ?? undefined;
  }

  #isFresh(tokens: T): boolean {
    if (this.#options.isFresh) return this.#options.isFresh(tokens);
    const { expiresAt } = tokens as Partial<RefreshableTokens>;
    return typeof expiresAt === 'number' && expiresAt > Date.now();
  }

  #isRefused(tokens: T): boolean {
    return this.#refused !== undefined && same(tokens, this.#refused.tokens);
  }
}

function same(one: object, other: object): boolean {
  if ('refreshToken' in one && 'refreshToken' in other) return one.refreshToken === other.refreshToken;
  return isDeepStrictEqual(one, other);
}
