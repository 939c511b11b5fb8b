// The errors of the protocol. Unlike the sidecar's, they have no message of their own.

import { VaultError } from '../errors';
import { ERROR_CODES, RETRYABLE, type ErrorKind } from '../wire';

export function failure(kind: ErrorKind, data: Record<string, unknown> = {}): VaultError {
  const details = { kind, retryable: RETRYABLE.includes(kind), ...data };
  return VaultError.fromWire(ERROR_CODES[kind], `The fake answers ${kind}.`, details);
}
