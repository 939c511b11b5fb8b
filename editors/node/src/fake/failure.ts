// The errors of the wire, as the real vault has them; a test holds this table against docs/protocol.md.

import { VaultError } from '../errors';
import type { ErrorKind } from '../wire';

export const ERRORS: Record<ErrorKind, [code: number, retryable: boolean, message: string]> = {
  parseError: [-32700, false, 'The message is not JSON in UTF-8, or its frame is malformed.'],
  invalidRequest: [-32600, false, 'The message is not a JSON-RPC 2.0 request, or has no place here.'],
  methodNotFound: [-32601, false, 'There is no such method.'],
  invalidParams: [-32602, false, 'A parameter is wrong; data says which and why.'],
  internalError: [-32603, false, 'The vault has a fault; please report it.'],
  requestCancelled: [-32800, true, 'The request was cancelled and not carried out.'],
  apiKeyRequired: [1001, false, 'No API key is meant: call setAPIKey, and pass its handle.'],
  apiKeyInvalid: [1002, false, 'An API key is 40 hexadecimal digits.'],
  apiKeyUnknown: [1003, false, 'Nothing has been stored with this API key.'],
  apiKeyRevoked: [1004, false, 'The API key was revoked or replaced.'],
  apiKeyExpired: [1005, false, 'The API key has expired; its data is kept.'],
  notPermitted: [1006, false, 'The API key does not permit this.'],
  revisionConflict: [2001, false, 'The record has another revision: read it again.'],
  dataTooLarge: [2002, false, 'Over a limit; data.limit is the limit.'],
  workspaceFolderRequired: [2003, false, 'Pass workspaceFolder: not exactly one folder is open.'],
  workspaceFolderInvalid: [2004, false, 'A workspace folder is an absolute URI.'],
  targetExists: [2005, false, 'The target has such a record already; nothing was moved.'],
  leaseHeld: [3001, true, 'Another holds the lease; data.expiresAt says until when.'],
  leaseLost: [3002, false, 'The lease is not held any more: acquire it again.'],
  keyUnavailable: [4001, false, "The store's key is not at hand; nothing is lost."],
  recordDamaged: [4002, false, 'The stored value is damaged; it is kept as it is.'],
  storeDamaged: [4003, false, 'The store is damaged, and nothing could replace it; its files are kept as they are.'],
  storeFull: [5001, true, 'The disk or the store is full; nothing was changed.'],
  storeBusy: [5002, true, 'Another process keeps the store busy; nothing was changed.'],
  formatTooNew: [5003, false, 'The store was written by a later version: update plugin-vault.'],
  overloaded: [5004, true, 'Too much waits at once; take answers before asking for more.'],
  storeRefused: [5005, false, "The store can't be used as it lies there; the log says what to do."],
  storeFailed: [5006, false, 'The store could not be read or written.'],
};

export function failure(kind: ErrorKind, data: Record<string, unknown> = {}): VaultError {
  const [code, retryable, message] = ERRORS[kind];
  return VaultError.fromWire(code, message, { kind, retryable, ...data });
}
