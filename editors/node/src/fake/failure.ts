// The errors of the wire, as the real vault has them but for the sentence.

import { VaultError } from '../errors';
import { ERROR_CODES, RETRYABLE, type ErrorKind } from '../wire';

export function failure(kind: ErrorKind, data: Record<string, unknown> = {}): VaultError {
  const details = { kind, retryable: RETRYABLE.includes(kind), ...data };
  return VaultError.fromWire(ERROR_CODES[kind], `The fake vault answers ${kind}.`, details);
}
