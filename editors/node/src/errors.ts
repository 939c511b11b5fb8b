// The error type of the binding. It holds the error that the sidecar answered, and no key and no value.

import type { ErrorData, ErrorKind } from './wire';
import type { Signal } from './signal';

/** Errors of the binding itself. docs/reference.md lists all other kinds. */
export type BindingErrorKind =
  /** The named path is not a program, or there is no program at all. */
  | 'binaryNotFound'
  /** The program has another version of the protocol, or is not plugin-vault. */
  | 'binaryUnsuitable'
  /** The sidecar could not be started, or keeps ending. */
  | 'vaultEnded'
  /** The sidecar ended before it answered. A write may have been carried out, or not. Read before you write again. */
  | 'outcomeUnknown'
  /** `close` was called before. */
  | 'closed'
  /** The user has to log in: no tokens are stored (`reason` is `missing`), or the server no longer accepts them (`refused`). */
  | 'loginNeeded'
  /** Secrets and state are not moved into a store that ends with its container. */
  | 'notDurable'
  /** No process can run in a window of the web. */
  | 'notInTheWeb';

/** The same for every copy of this package: two extensions, or an extension and its library, may have one each. */
const BRAND = Symbol.for('plugin-vault.error');

/** Members of an error besides its message. */
export interface VaultErrorDetails {
  /** The JSON-RPC error code. Errors of the binding have none. */
  code?: number;
  /** Whether the same call may succeed later without any other change. */
  retryable?: boolean;
  /** `data` of the JSON-RPC error: `reason`, `revision`, `limit`, `expiresAt`, `protector`, `parameter`, `process`, `outcome`. */
  data?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

export class VaultError extends Error {
  readonly kind: ErrorKind | BindingErrorKind;
  readonly code?: number;
  readonly retryable: boolean;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(kind: ErrorKind | BindingErrorKind, message: string, details: VaultErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    // The name that `fetch` uses, for callers that check it.
    this.name = kind === 'requestCancelled' ? 'AbortError' : 'VaultError';
    this.kind = kind;
    this.code = details.code;
    this.retryable = details.retryable ?? false;
    this.data = details.data ?? {};
  }

  /** Converts the error of an answer. */
  static fromWire(code: number, message: string, data: unknown): VaultError {
    const details = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;
    const kind = (typeof details.kind === 'string' ? details.kind : 'internalError') as ErrorKind;
    return new VaultError(kind, message, { code, retryable: details.retryable === true, data: details });
  }
}

Object.defineProperty(VaultError.prototype, BRAND, { value: true });

/** The user has to log in. The record of the tokens stays as it is. */
export class LoginNeeded extends VaultError {
  declare readonly kind: 'loginNeeded';
  declare readonly data: LoginNeededData;

  constructor(reason: LoginNeededData['reason']) {
    const why = reason === 'missing' ? 'No login is stored' : 'The server no longer accepts the stored login';
    super('loginNeeded', `${why}. Ask the user to log in.`, { data: { reason } });
  }
}

export type LoginNeededData = { reason: 'missing' | 'refused' };

/** An error of this kind, with the type of its `data`. */
export type VaultErrorOf<K extends ErrorKind | BindingErrorKind> = VaultError & {
  kind: K;
  data: K extends ErrorKind ? Extract<ErrorData, { kind: K }> : K extends 'loginNeeded' ? LoginNeededData : object;
};

/** The error of a call whose signal was aborted. */
export function cancelled(signal: Signal): VaultError {
  return new VaultError('requestCancelled', 'The caller cancelled the call. Call again if it is still needed.', {
    cause: signal.reason,
  });
}

/** Whether an error is a `VaultError` of this copy of the package or of another one, and of this kind. */
export function isVaultError<K extends ErrorKind | BindingErrorKind>(error: unknown, kind: K): error is VaultErrorOf<K>;
export function isVaultError(error: unknown): error is VaultError;
export function isVaultError(error: unknown, kind?: string): boolean {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return kind === undefined || ('kind' in error && error.kind === kind);
}
