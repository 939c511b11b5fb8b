// What goes over the wire: methods, notifications, errors.

export type Context = 'user' | 'workspace';
export type JsonObject = { [member: string]: unknown };

export interface Address {
  context: Context;
  workspaceFolder?: string;
  name?: string;
}

export interface Scope {
  contexts?: Context[];
  readOnly?: boolean;
  workspaceFolders?: string[];
}

export interface Key {
  keyId: string;
  plugin?: string;
  installation?: string;
  label?: string;
  issuedAt?: string;
  expiresAt?: string;
  scope?: Scope;
  owner: boolean;
}

export interface Written {
  revision: number;
}

export interface PersistentRecord {
  data: JsonObject;
  revision: number;
  createdAt: string;
  updatedAt: string;
  expiresAt?: string;
  restored?: boolean;
}

export interface ListedRecord extends Address {
  revision: number;
  createdAt: string;
  updatedAt: string;
  expiresAt?: string;
  bytes: number;
}

export interface Status {
  storeId?: string;
  formatVersion: number;
  dataDir: string;
  protector?: string;
  protectors: string[];
  keyAvailable: boolean;
  protects: { copiesOfTheDataFolder: boolean; otherUsers: boolean; stolenDisk: boolean };
  records: number;
  bytes: number;
  repaired?: { at: string; restoredFrom?: string; kept: number; lost?: number; quarantine?: string };
}

type WithHandle = { handle?: string };

export interface Methods {
  setAPIKey: { params: { apiKey: string; mustExist?: boolean }; result: { handle: string; known?: boolean } & Partial<Key> };
  issueAPIKey: {
    params: { plugin: string; installation?: string; label?: string; expiresAt?: string };
    result: { apiKey: string; created: boolean } & Key;
  };
  shareAPIKey: {
    params: { label?: string; expiresAt?: string; scope?: Scope } & WithHandle;
    result: { apiKey: string } & Key;
  };
  listAPIKeys: { params: WithHandle; result: (Key & { current: boolean })[] };
  rotateAPIKey: { params: { apiKey?: string } & WithHandle; result: { apiKey: string } & Key };
  revokeAPIKey: { params: { keyId?: string } & WithHandle; result: { revoked: boolean; destroyed: boolean } };
  setPersistentData: {
    params: Address & { data: JsonObject; ifRevision?: number; expiresAt?: string; lease?: number } & WithHandle;
    result: Written;
  };
  getPersistentData: { params: Address & WithHandle; result: JsonObject | null };
  getPersistentRecord: { params: Address & WithHandle; result: PersistentRecord | null };
  patchPersistentData: {
    params: Address & { patch: JsonObject; ifRevision?: number; lease?: number } & WithHandle;
    result: Written;
  };
  deletePersistentData: {
    params: Address & { ifRevision?: number; lease?: number } & WithHandle;
    result: Written & { deleted: boolean };
  };
  listPersistentData: { params: { context?: Context; workspaceFolder?: string } & WithHandle; result: ListedRecord[] };
  movePersistentData: { params: { from: string; to: string } & WithHandle; result: Written & { moved: number } };
  watchPersistentData: { params: { since?: number } & WithHandle; result: Written & { watching: boolean } };
  unwatchPersistentData: { params: WithHandle; result: Written & { watching: boolean } };
  acquireLease: {
    params: { name: string; ttlMs: number; waitMs?: number } & WithHandle;
    result: { lease: number; expiresAt: string };
  };
  renewLease: { params: { name: string; lease: number } & WithHandle; result: { expiresAt: string } };
  releaseLease: { params: { name: string; lease: number } & WithHandle; result: { released: boolean } };
  'vault/status': { params: Record<string, never>; result: Status };
  'vault/unlock': { params: { passphrase?: string; timeoutMs?: number }; result: { keyAvailable: boolean } };
}

export type DidChange = { handle: string; revision: number } & (
  | (Address & { deleted: boolean })
  | { resync: true }
  | { ended: 'apiKeyRevoked' | 'apiKeyExpired' }
);

export interface Notifications {
  'persistentData/didChange': DidChange;
  'vault/didChangeStatus': Status;
}

export type ErrorKind =
  | 'parseError'
  | 'invalidRequest'
  | 'methodNotFound'
  | 'invalidParams'
  | 'internalError'
  | 'requestCancelled'
  | 'apiKeyRequired'
  | 'apiKeyInvalid'
  | 'apiKeyUnknown'
  | 'apiKeyRevoked'
  | 'apiKeyExpired'
  | 'notPermitted'
  | 'revisionConflict'
  | 'dataTooLarge'
  | 'workspaceFolderRequired'
  | 'workspaceFolderInvalid'
  | 'targetExists'
  | 'leaseHeld'
  | 'leaseLost'
  | 'keyUnavailable'
  | 'recordDamaged'
  | 'storeDamaged'
  | 'storeFull'
  | 'storeBusy'
  | 'formatTooNew'
  | 'overloaded'
  | 'storeRefused'
  | 'storeFailed';
