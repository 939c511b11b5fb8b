// The one error type of the binding. It holds what the vault answered, and nothing of a key or a value.

import type { ErrorData, ErrorKind } from './wire';

/** Errors that the binding makes itself; all others are the vault's, see docs/reference.md. */
export type BindingErrorKind =
  /** There is no program where one was named, or none at all. */
  | 'binaryNotFound'
  /** The program speaks another version of the protocol, or is no vault. */
  | 'binaryUnsuitable'
  /** The vault could not be started, or keeps ending. */
  | 'vaultEnded'
  /** The vault ended before it answered: a write may have happened, or not. Read before you write again. */
  | 'outcomeUnknown'
  /** `close` was called before. */
  | 'closed';

/** What an error carries besides its sentence. */
export interface VaultErrorDetails {
  /** The code on the wire; absent for errors of the binding. */
  code?: number;
  /** Whether the same call may succeed later with nothing else done. */
  retryable?: boolean;
  /** `data` of the error on the wire: `revision`, `limit`, `expiresAt`, `reason`, `protector`, `parameter`. */
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
    // As `fetch` names it, for callers that look for this name.
    this.name = kind === 'requestCancelled' ? 'AbortError' : 'VaultError';
    this.kind = kind;
    this.code = details.code;
    this.retryable = details.retryable ?? false;
    this.data = details.data ?? {};
  }

  /** The error that stands in an answer. */
  static fromWire(code: number, message: string, data: unknown): VaultError {
    const details = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;
    const kind = (typeof details.kind === 'string' ? details.kind : 'internalError') as ErrorKind;
    return new VaultError(kind, message, { code, retryable: details.retryable === true, data: details });
  }
}

/** An error of this kind, with what the vault says about it. */
export type VaultErrorOf<K extends ErrorKind | BindingErrorKind> = VaultError & {
  kind: K;
  data: K extends ErrorKind ? Extract<ErrorData, { kind: K }> : object;
};

/** Whether an error is the vault's or the binding's, and of this kind. */
export function isVaultError<K extends ErrorKind | BindingErrorKind>(error: unknown, kind: K): error is VaultErrorOf<K>;
export function isVaultError(error: unknown): error is VaultError;
export function isVaultError(error: unknown, kind?: string): boolean {
  return error instanceof VaultError && (kind === undefined || error.kind === kind);
}
