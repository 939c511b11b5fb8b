// Sign-ins of MCP clients: a provider for `@modelcontextprotocol/sdk` that keeps tokens in the vault. All processes share a sign-in, and
// one at a time refreshes it. This module imports nothing of the SDK.

import { randomBytes } from 'node:crypto';

import { isVaultError } from './errors';
import type { Tokens } from './tokens';
import type { Vault } from './vault';
import type { JsonObject } from './wire';

/** OAuth tokens as the SDK has them. */
export interface McpTokens {
  access_token: string;
  token_type: string;
  refresh_token?: string;
  expires_in?: number;
  scope?: string;
  issuer?: string;
}

/** Information about a registered client as the SDK has it. */
export interface McpClientInformation {
  client_id: string;
}

export type McpFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;
type RequestInit = NonNullable<Parameters<typeof fetch>[1]>;

export interface McpOptions<Metadata extends object> {
  /** The name of the sign-in, for example the server's URL. Each server needs its own. */
  name: string;
  /** Where the authorization server sends the user back to. */
  redirectUrl: string | URL | undefined;
  /** Metadata for the registration of the client. */
  clientMetadata: Metadata;
  /** Opens the user's browser. */
  redirectToAuthorization: (url: URL) => void | Promise<void>;
  /** How often to look for the successor of refused tokens; see `TokensOptions`. */
  reads?: number;
  /** Sends requests. By default the global `fetch`. */
  fetch?: McpFetch;
}

/** The record of a sign-in. Tokens are bound to the client that got them. */
interface SignIn {
  refreshToken?: string;
  tokens: McpTokens;
  client?: McpClientInformation;
}

/** The record of an attempt to sign in. */
interface Attempt {
  codeVerifier: string;
  client?: McpClientInformation;
}

/** Milliseconds after which an attempt that was not finished is deleted. */
const ATTEMPT = 3_600_000;

/**
 * An `OAuthClientProvider`. Pass it as `authProvider`, and its `fetch` as `fetch`, to the transport: `fetch` refreshes under a lease.
 * Without it, two processes could present the same refresh token.
 */
export class McpProvider<Metadata extends object = JsonObject> {
  #vault: Vault;
  #options: McpOptions<Metadata>;
  /** The `state` of the attempt that is in progress. */
  #attempt: string | undefined;
  /** The client of this attempt. */
  #client: McpClientInformation | undefined;
  /** The refresh token that `tokens` returned last, and the one that the server refused last. */
  #seen: string | undefined;
  #refused: string | undefined;
  /** The access token that `fetch` returned last. It is stored already. */
  #refreshed: string | undefined;

  constructor(vault: Vault, options: McpOptions<Metadata>) {
    this.#vault = vault;
    this.#options = options;
  }

  get redirectUrl(): string | URL | undefined {
    return this.#options.redirectUrl;
  }

  get clientMetadata(): Metadata {
    return this.#options.clientMetadata;
  }

  redirectToAuthorization(url: URL): void | Promise<void> {
    return this.#options.redirectToAuthorization(url);
  }

  // --- Attempts. Each has its own record, so that two windows in which the user signs in do not disturb each other.

  state(): string {
    this.#attempt = randomBytes(16).toString('hex');
    return this.#attempt;
  }

  /** Continues an attempt that another provider began: `state` is a parameter of the URL to which the user was sent back. */
  continueAttempt(state: string): void {
    this.#attempt = state;
  }

  async saveCodeVerifier(codeVerifier: string): Promise<void> {
    if (this.#attempt === undefined) this.state();
    const attempt: Attempt = plain({ codeVerifier, client: this.#client ?? (await this.clientInformation()) });
    const expiresAt = new Date(Date.now() + ATTEMPT).toISOString();
    await this.#vault.setPersistentData('user', attempt, { name: this.#attemptName!, expiresAt });
  }

  async codeVerifier(): Promise<string> {
    const attempt = await this.#readAttempt();
    if (!attempt) throw new Error('This sign-in was not begun, or is too old. Begin it again.');
    return attempt.codeVerifier;
  }

  // --- The client

  async clientInformation(): Promise<McpClientInformation | undefined> {
    const attempt = await this.#readAttempt();
    if (attempt) return attempt.client;
    const signIn = await this.#vault.getPersistentData<SignIn>('user', { name: this.#options.name });
    return signIn?.client ?? (await this.#vault.getPersistentData<McpClientInformation>('user', { name: this.#clientName })) ?? undefined;
  }

  /** The first registration stays, for all processes. Another one is used for the attempt in which it was made. */
  async saveClientInformation(client: McpClientInformation): Promise<void> {
    this.#client = client;
    try {
      await this.#vault.setPersistentData('user', plain(client), { name: this.#clientName, ifRevision: 0 });
    } catch (error) {
      if (!isVaultError(error, 'revisionConflict')) throw error;
    }
  }

  // --- Tokens

  async tokens(): Promise<McpTokens | undefined> {
    const signIn = await this.#vault.getPersistentData<SignIn>('user', { name: this.#options.name });
    this.#seen = signIn?.refreshToken;
    return signIn?.tokens;
  }

  /** Stores a new sign-in. Tokens that `fetch` has refreshed are stored already, and perhaps no longer the last ones. */
  async saveTokens(tokens: McpTokens): Promise<void> {
    if (tokens.access_token === this.#refreshed) return;
    const client = (await this.#readAttempt())?.client ?? this.#client;
    await this.#signIn().set({ refreshToken: tokens.refresh_token, tokens, client });
    this.#refused = undefined;
    if (this.#attempt !== undefined) await this.#vault.deletePersistentData('user', { name: this.#attemptName! });
    this.#attempt = this.#client = undefined;
  }

  /** Deletes what this provider has read, and nothing that another process has stored since. */
  async invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): Promise<void> {
    const all = scope === 'all';
    if (all || scope === 'tokens') await this.#deleteSeen();
    if (all || scope === 'client') {
      this.#client = undefined;
      await this.#vault.deletePersistentData('user', { name: this.#clientName });
    }
    if ((all || scope === 'verifier') && this.#attempt !== undefined) {
      await this.#vault.deletePersistentData('user', { name: this.#attemptName! });
      this.#attempt = undefined;
    }
  }

  /** Sends a request. A refresh is done under a lease, and its result is stored before it is returned. */
  readonly fetch: McpFetch = async (url, init) => {
    const send = this.#options.fetch ?? fetch;
    const { body } = init ?? {};
    if (!(body instanceof URLSearchParams) || body.get('grant_type') !== 'refresh_token') return send(url, init);
    return this.#refresh(body.get('refresh_token') ?? undefined, async () => {
      const response = await send(url, init);
      const text = await response.text();
      const copy = (): Response => new Response(text, { status: response.status, headers: { 'content-type': 'application/json' } });
      return { ok: response.ok, text, copy };
    });
  };

  /** The server's answer; or, if another process has refreshed, the tokens that this process got. */
  async #refresh(
    presented: string | undefined,
    ask: () => Promise<{ ok: boolean; text: string; copy: () => Response }>,
  ): Promise<Response> {
    let refused: Response | undefined;
    /** A refused request that says nothing about the tokens. */
    class Failed extends Error {}
    const refresh = async (old: SignIn): Promise<SignIn | null> => {
      const { ok, text, copy } = await ask();
      if (ok) {
        const tokens = { ...old.tokens, refresh_token: presented, ...(JSON.parse(text) as McpTokens) };
        return { ...old, refreshToken: tokens.refresh_token, tokens };
      }
      refused = copy();
      if (/"invalid_grant"/.test(text)) return null;
      throw new Failed();
    };
    const isFresh = (stored: SignIn): boolean => stored.refreshToken !== presented;
    try {
      const { tokens } = await this.#signIn(refresh, isFresh).get();
      this.#refreshed = tokens.access_token;
      const { issuer: _, ...answer } = tokens;
      return Response.json(answer);
    } catch (error) {
      if (error instanceof Failed && refused) return refused;
      if (!isVaultError(error, 'loginNeeded')) throw error;
      this.#refused = presented;
      return refused ?? Response.json({ error: 'invalid_grant' }, { status: 400 });
    }
  }

  #signIn(refresh: (old: SignIn) => Promise<SignIn | null> = async () => null, isFresh?: (signIn: SignIn) => boolean): Tokens<SignIn> {
    const { name, reads } = this.#options;
    return this.#vault.tokens<SignIn>({ name, refresh, isFresh, reads });
  }

  async #deleteSeen(): Promise<void> {
    const invalid = this.#refused ?? this.#seen;
    await this.#vault.update<SignIn>('user', (stored) => (stored && stored.refreshToken === invalid ? null : undefined), {
      name: this.#options.name,
    });
  }

  async #readAttempt(): Promise<Attempt | null> {
    if (this.#attempt === undefined) return null;
    return this.#vault.getPersistentData<Attempt>('user', { name: this.#attemptName! });
  }

  get #attemptName(): string | undefined {
    return this.#attempt && `${this.#options.name} attempt ${this.#attempt}`;
  }

  get #clientName(): string {
    return `${this.#options.name} client`;
  }
}

/** Without the members that are `undefined`. */
function plain<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
