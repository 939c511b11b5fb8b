// The error type of the binding. It holds the error that the sidecar answered, and no key and no value.

import type { ErrorData, ErrorKind } from './wire';

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
  | 'closed';

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

/** An error of this kind, with the type of its `data`. */
export type VaultErrorOf<K extends ErrorKind | BindingErrorKind> = VaultError & {
  kind: K;
  data: K extends ErrorKind ? Extract<ErrorData, { kind: K }> : object;
};

/** Whether an error is a `VaultError`, and of this kind. */
export function isVaultError<K extends ErrorKind | BindingErrorKind>(error: unknown, kind: K): error is VaultErrorOf<K>;
export function isVaultError(error: unknown): error is VaultError;
export function isVaultError(error: unknown, kind?: string): boolean {
  return error instanceof VaultError && (kind === undefined || error.kind === kind);
}
