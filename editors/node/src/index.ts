// The Node binding of plugin-vault: a private store for an extension's tokens, login state and answers.

import type { KeyOptions } from './registration';
import { openSidecar, type SidecarOptions } from './sidecar';
import type { Vault } from './vault';

/**
 * Finds and starts the sidecar, gets the key and sets it. The process belongs to the returned vault, and ends with its `close`.
 * To use several keys with one process, see `openSidecar`.
 */
export async function openVault(options: SidecarOptions & KeyOptions): Promise<Vault> {
  return (await openSidecar(options)).open(options, true);
}

export { findBinary, workingFolder } from './binary';
export { isVaultError, LoginNeeded, VaultError } from './errors';
export type { BindingErrorKind, VaultErrorOf } from './errors';
export { openSidecar, Sidecar, type SidecarOptions } from './sidecar';
export { Vault } from './vault';
export type { BinaryOptions } from './binary';
export type { Call, Callback } from './calls';
export type { Lease, LeaseOptions, Replaced, ReplaceOptions } from './lease';
export type { KeptKey, KeyDetails, KeyOptions, OwnKey } from './registration';
export type { DataCall, PatchCall, PersistentRecord, RecordCall, SetCall } from './records';
export type { GetTokensOptions, RefreshableTokens, Tokens, TokensOptions } from './tokens';
export type { UpdateCall, Updated, UpdateFunction, UpdateOptions } from './update';
export type { Change, ChangeListener, Watch } from './watches';
export type * from './wire';
