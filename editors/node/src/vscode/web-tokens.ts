// Tokens in the editor's own secret storage, for windows of the web. All callers in a window share one refresh. There is no lease
// over several windows, since the editor's storage has none.

import { cancelled, LoginNeeded } from '../errors';
import { abortable, plain } from '../token-calls';
import type { GetTokensOptions, RefreshableTokens, Tokens, TokensOptions } from '../tokens';
import type { Caller } from './api';

const PREFIX = 'plugin-vault.tokens.';

export class EditorTokens<T extends object> implements Tokens<T> {
  #secrets: Caller['secrets'];
  #options: TokensOptions<T>;
  #name: string;
  #running: { rejected: string; result: Promise<T> } | undefined;
  /** The tokens that the server refused, as text. They are never presented again. */
  #refused: string | undefined;

  constructor(secrets: Caller['secrets'], options: TokensOptions<T>) {
    this.#secrets = secrets;
    this.#options = options;
    this.#name = PREFIX + options.name;
  }

  static isNameOf(name: string): boolean {
    return name.startsWith(PREFIX);
  }

  async get({ rejected, signal }: GetTokensOptions<T> = {}): Promise<T> {
    if (signal?.aborted) throw cancelled(signal);
    const text = JSON.stringify(rejected ?? null);
    if (this.#running?.rejected !== text) {
      const running = { rejected: text, result: this.#run(text) };
      const ended = (): void => void (this.#running === running && (this.#running = undefined));
      this.#running = running;
      running.result.then(ended, ended);
    }
    const result = this.#running!.result.then((tokens) => structuredClone(tokens));
    return signal ? abortable(result, signal) : result;
  }

  async set(tokens: T): Promise<void> {
    await this.#secrets.store(this.#name, JSON.stringify(plain(tokens)));
    this.#running = undefined;
  }

  async clear(): Promise<void> {
    await this.#secrets.delete(this.#name);
    this.#running = undefined;
  }

  async #run(rejected: string): Promise<T> {
    const seen = await this.#secrets.get(this.#name);
    if (seen === undefined) throw new LoginNeeded('missing');
    const tokens = JSON.parse(seen) as T;
    if (seen !== rejected && this.#isFresh(tokens)) return tokens;
    if (seen === this.#refused) throw new LoginNeeded('refused');
    const given = await this.#options.refresh(structuredClone(tokens));
    const now = await this.#secrets.get(this.#name);
    // A logout or another login during the refresh is not undone.
    if (now === undefined) throw new LoginNeeded('missing');
    if (now !== seen) return JSON.parse(now) as T;
    if (given === null) {
      this.#refused = seen;
      throw new LoginNeeded('refused');
    }
    const stored = plain(given);
    await this.#secrets.store(this.#name, JSON.stringify(stored));
    return stored;
  }

  #isFresh(tokens: T): boolean {
    if (this.#options.isFresh) return this.#options.isFresh(tokens);
    const { expiresAt } = tokens as Partial<RefreshableTokens>;
    return typeof expiresAt === 'number' && expiresAt > Date.now();
  }
}
