// The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.
// `UPDATE=1 cargo test --features schema --test schema` writes it.

/** 40 hexadecimal digits. They give access to the data: keep them secret. */
export type APIKey = string;

/** The address of a record. */
export interface Address {
  /** The record's context. */
  context: Context;
  /** The record's name; without it, the unnamed record of its context. */
  name?: Name;
  /** The record's folder, for the context `workspace`. Optional while exactly one folder is open. */
  workspaceFolder?: WorkspaceFolder;
}

/** The API key has expired, so it opens nothing; its data is kept. Extend it with `plugin-vault key extend`. */
export interface ApiKeyExpiredData {
  kind: "apiKeyExpired";
  retryable: false;
}

/** The text is not an API key, because it is not 40 hexadecimal digits. Pass a key as it was issued. */
export interface ApiKeyInvalidData {
  kind: "apiKeyInvalid";
  retryable: false;
}

/** It is not known which API key the request uses. */
export interface ApiKeyRequiredData {
  kind: "apiKeyRequired";
  retryable: false;
  /** The cause. */
  reason: "unselected" | "handle" | "refused";
}

/** The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another. */
export interface ApiKeyRevokedData {
  kind: "apiKeyRevoked";
  retryable: false;
}

/** Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first. */
export interface ApiKeyUnknownData {
  kind: "apiKeyUnknown";
  retryable: false;
}

export interface Capabilities {
  experimental: Experimental;
  workspace: WorkspaceCapabilities;
}

/** `user` has one set of records, `workspace` has one for each workspace folder. */
export type Context = "user" | "workspace";

/** The request would exceed a limit. */
export interface DataTooLargeData {
  kind: "dataTooLarge";
  retryable: false;
  /** The limit: bytes, records, handles, leases or keys. */
  limit: number;
  /** The cause. */
  reason: "data" | "records" | "namespace" | "change" | "answer" | "batch" | "keys" | "pluginKeys" | "handles" | "leases";
}

/** The result of a removal. */
export interface Deleted {
  /** Whether there was a record. */
  deleted: boolean;
  /** The revision of the removal; 0 if there was no record. */
  revision: Revision;
}

/** A change notice. */
export type DidChange = {
  /** The record's context. */
  context: Context;
  /** Whether the record was deleted. */
  deleted: boolean;
  /** The watch that this notice belongs to. */
  handle: Handle;
  /** The record's revision now. */
  revision: Revision;
  /** The record's name; absent for the unnamed record of its context. */
  name?: Name;
  /** The record's folder; absent for the context `user`. */
  workspaceFolder?: WorkspaceFolder;
} | {
  /** Marks this kind of notice. */
  resync: true;
  /** The watch that this notice belongs to. */
  handle: Handle;
  /** The revision up to which changes were missed. */
  revision: Revision;
} | {
  /** Why the watch ends. */
  ended: WatchEnd;
  /** The watch that this notice belongs to. */
  handle: Handle;
  /** The revision up to which the client has its notices. */
  revision: Revision;
};

/** `error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done. */
export type ErrorData = ParseErrorData | InvalidRequestData | MethodNotFoundData | InvalidParamsData | InternalErrorData | RequestCancelledData | ApiKeyRequiredData | ApiKeyInvalidData | ApiKeyUnknownData | ApiKeyRevokedData | ApiKeyExpiredData | NotPermittedData | RevisionConflictData | DataTooLargeData | WorkspaceFolderRequiredData | WorkspaceFolderInvalidData | TargetExistsData | LeaseHeldData | LeaseLostData | KeyUnavailableData | RecordDamagedData | StoreDamagedData | StoreFullData | StoreBusyData | FormatTooNewData | OverloadedData | StoreRefusedData | StoreFailedData | StoreUnreachableData;

/** What went wrong, for programs. `message` is for people: there is one for each kind and reason. */
export type ErrorKind = "parseError" | "invalidRequest" | "methodNotFound" | "invalidParams" | "internalError" | "requestCancelled" | "apiKeyRequired" | "apiKeyInvalid" | "apiKeyUnknown" | "apiKeyRevoked" | "apiKeyExpired" | "notPermitted" | "revisionConflict" | "dataTooLarge" | "workspaceFolderRequired" | "workspaceFolderInvalid" | "targetExists" | "leaseHeld" | "leaseLost" | "keyUnavailable" | "recordDamaged" | "storeDamaged" | "storeFull" | "storeBusy" | "formatTooNew" | "overloaded" | "storeRefused" | "storeFailed" | "storeUnreachable";

export interface Experimental {
  pluginVault: VaultCapabilities;
}

export interface FolderCapabilities {
  changeNotifications: true;
  supported: true;
}

/** A later version of plugin-vault wrote the store, so this version can't read it. Update plugin-vault. */
export interface FormatTooNewData {
  kind: "formatTooNew";
  retryable: false;
}

/** Where an inherited record was found. */
export interface FoundIn {
  /** The record's context. */
  context: Context;
  /** The record's folder; absent for the context `user`. */
  workspaceFolder?: WorkspaceFolder;
}

/** Names a key on the connection where `setAPIKey` returned it. */
export type Handle = string;

/** The capabilities and the version of the sidecar. */
export interface Initialized {
  capabilities: Capabilities;
  serverInfo: ServerInfo;
}

/** plugin-vault has a fault, so the request was not carried out. Please report it. */
export interface InternalErrorData {
  kind: "internalError";
  retryable: false;
}

/** A parameter breaks a rule of the method, so nothing was done. */
export interface InvalidParamsData {
  kind: "invalidParams";
  retryable: false;
  /** The name of the parameter. For a parameter that the method does not have: its position, from 0, in the array or among the members. */
  parameter: string | number;
  /** What is wrong with the parameter. */
  reason: "unknown" | "duplicate" | "missing" | "wrongType" | "outOfRange";
}

/** The message is not a request that can be carried out. */
export interface InvalidRequestData {
  kind: "invalidRequest";
  retryable: false;
  /** The cause. */
  reason: "message" | "batch" | "frame" | "phase";
}

/** A key that this call issued, or that the store keeps. */
export interface IssuedKey {
  /** The key itself. */
  apiKey: APIKey;
  /** Whether this call issued the key. */
  created: boolean;
  /** The id of the key, for `revokeAPIKey`. */
  keyId: KeyId;
  /** Whether it is the owner key of its namespace. */
  owner: boolean;
  /** When the key expires; absent if it never does. */
  expiresAt?: Time;
  /** The installation that the store keeps the key for. */
  installation?: Name;
  /** When plugin-vault issued the key; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** The name of the key in lists. */
  label?: Name;
  /** The plugin that the key was issued for. */
  plugin?: Name;
  /** What the key may do, if that is less than what its owner may do. */
  scope?: Scope;
}

/** A JSON object, kept byte for byte except for white space at its ends. Its length is at most `maxDataBytes` of `initialize`, 8 MiB by default. */
export type JsonObject = { [name: string]: unknown };

/** The description of a key. It never contains the key itself. */
export interface Key {
  /** The id of the key, for `revokeAPIKey`. */
  keyId: KeyId;
  /** Whether it is the owner key of its namespace. */
  owner: boolean;
  /** When the key expires; absent if it never does. */
  expiresAt?: Time;
  /** The installation that the store keeps the key for. */
  installation?: Name;
  /** When plugin-vault issued the key; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** The name of the key in lists. */
  label?: Name;
  /** The plugin that the key was issued for. */
  plugin?: Name;
  /** What the key may do, if that is less than what its owner may do. */
  scope?: Scope;
}

/** Names a key and reveals nothing about it: 32 hexadecimal digits. */
export type KeyId = string;

/** The answer of `setAPIKey`. */
export interface KeySet {
  /** Names the key on this connection from now on. */
  handle: Handle;
  /** When the key expires; absent if it never does. */
  expiresAt?: Time;
  /** The installation that the store keeps the key for. */
  installation?: Name;
  /** When plugin-vault issued the key; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** The id of the key, for `revokeAPIKey`. */
  keyId?: KeyId;
  /** Whether anything was stored with the key, or the key was issued in this store. */
  known?: boolean;
  /** The name of the key in lists. */
  label?: Name;
  /** Whether it is the owner key of its namespace. */
  owner?: boolean;
  /** The plugin that the key was issued for. */
  plugin?: Name;
  /** What the key may do, if that is less than what its owner may do. */
  scope?: Scope;
}

/** The store key is not available; no data was lost. */
export interface KeyUnavailableData {
  kind: "keyUnavailable";
  /** The protector that did not give the store key. */
  protector: Protector;
  /** The cause. `retryable` is true for `locked`, `deadline` and `memory`. */
  reason: "locked" | "missing" | "wrong" | "denied" | "deadline" | "failed" | "programMissing" | "relativeProgram" | "invalidPassphrase" | "memory";
  retryable: boolean;
}

/** Another client has the lease, so it was not acquired. Try again at `data.expiresAt`, or wait with `waitMs`. */
export interface LeaseHeldData {
  kind: "leaseHeld";
  retryable: true;
  /** When the lease expires if it is not renewed. */
  expiresAt: Time;
}

/** No live lease has this token, because it expired or was released. Acquire the lease again, then read again. */
export interface LeaseLostData {
  kind: "leaseLost";
  retryable: false;
}

/** A lease that was acquired. */
export interface Leased {
  /** When the lease expires if it is not renewed. */
  expiresAt: Time;
  /** The fencing token: a number that only increases. */
  lease: Revision;
}

/** Names a record, as an entry of a list does. The other members of an entry may be present too. */
export interface ListedBefore {
  context: Context;
  name?: Name;
  workspaceFolder?: WorkspaceFolder;
}

/** A key in the answer of `listAPIKeys`. */
export interface ListedKey {
  /** Whether it is the caller's own key. */
  current: boolean;
  /** The id of the key, for `revokeAPIKey`. */
  keyId: KeyId;
  /** Whether it is the owner key of its namespace. */
  owner: boolean;
  /** When the key expires; absent if it never does. */
  expiresAt?: Time;
  /** The installation that the store keeps the key for. */
  installation?: Name;
  /** When plugin-vault issued the key; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** The name of the key in lists. */
  label?: Name;
  /** The plugin that the key was issued for. */
  plugin?: Name;
  /** What the key may do, if that is less than what its owner may do. */
  scope?: Scope;
}

/** A record in the answer of `listPersistentData`. */
export interface ListedRecord {
  /** The length of the record's text, in bytes. */
  bytes: number;
  /** The record's context. */
  context: Context;
  /** When the record was first written. */
  createdAt: Time;
  /** The revision of the last change. */
  revision: Revision;
  /** When the record was last written. */
  updatedAt: Time;
  /** When the record expires; absent if it never does. */
  expiresAt?: Time;
  /** The record's name; absent for the unnamed record of its context. */
  name?: Name;
  /** The record's folder; absent for the context `user`. */
  workspaceFolder?: WorkspaceFolder;
}

/** Whether the store is locked. */
export interface Locked {
  /** Whether the store is locked now. */
  locked: boolean;
  /** Why the store can't be locked; absent if it is locked. */
  reason?: NotLockable;
}

/** A merge patch (RFC 7396): its members replace those of the record, and `null` removes one. It has at most 128 levels, and is no longer than an object that can be stored. */
export type MergePatch = { [name: string]: unknown };

/** plugin-vault has no method with that name, so nothing was done. Call `rpc.discover` for the list of methods. */
export interface MethodNotFoundData {
  kind: "methodNotFound";
  retryable: false;
}

/** The result of a move. */
export interface Moved {
  /** How many records were moved. */
  moved: number;
  /** The last of their revisions; 0 if no record was moved. */
  revision: Revision;
}

/** 1 to 256 bytes of UTF-8, compared byte for byte. */
export type Name = string;

/** A key and its description, for the caller that asked for it. */
export interface NewKey {
  /** The key itself. */
  apiKey: APIKey;
  /** The id of the key, for `revokeAPIKey`. */
  keyId: KeyId;
  /** Whether it is the owner key of its namespace. */
  owner: boolean;
  /** When the key expires; absent if it never does. */
  expiresAt?: Time;
  /** The installation that the store keeps the key for. */
  installation?: Name;
  /** When plugin-vault issued the key; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** The name of the key in lists. */
  label?: Name;
  /** The plugin that the key was issued for. */
  plugin?: Name;
  /** What the key may do, if that is less than what its owner may do. */
  scope?: Scope;
}

/** The scope of a new key. `null` means that a member is absent. */
export interface NewScope {
  contexts?: Context[] | null;
  readOnly?: boolean | null;
  workspaceFolders?: WorkspaceFolder[] | null;
}

/** Why a store can't be locked. */
export type NotLockable = "noStore" | "keyFile";

/** The API key does not permit the request. */
export interface NotPermittedData {
  kind: "notPermitted";
  retryable: false;
  /** The cause. */
  reason: "scope" | "readOnly" | "owner" | "lease" | "relay";
}

/** LSP's `WorkspaceFolder`s. Several spellings of one folder count as one. Each element is an open folder. If its `uri` is not an absolute URI, nothing can be stored in that folder. */
export type OpenFolders = {
  uri: string;
  name?: string;
}[];

/** This OpenRPC document. */
export type OpenRPC = { [name: string]: unknown };

/** Too much waits; the request was not carried out. */
export interface OverloadedData {
  kind: "overloaded";
  retryable: true;
  /** The cause. */
  reason: "answers" | "unlocks" | "leases";
}

/** The message can't be read. */
export interface ParseErrorData {
  kind: "parseError";
  retryable: false;
  /** The cause. */
  reason: "json" | "frame";
}

/** A passphrase of the store: up to 64 KiB of UTF-8 without control characters. plugin-vault removes a leading byte-order mark, replaces every other kind of space by U+0020, and converts the text to Normalization Form C, so that the passphrase opens the store however it was typed. The result must not be empty. */
export type Passphrase = string;

/** A path on this machine. */
export type Path = string;

/** A record with its revision and its dates. */
export interface PersistentRecord {
  /** When the record was first written. */
  createdAt: Time;
  /** The stored object, byte for byte. */
  data: JsonObject;
  /** The revision of the last change. */
  revision: Revision;
  /** When the record was last written. */
  updatedAt: Time;
  /** When the record expires; absent if it never does. */
  expiresAt?: Time;
  /** Where the record was found; present with `inherit`. */
  foundIn?: FoundIn;
  /** Present if the record came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since. It may not be what was stored last. A token in it may be spent. */
  restored?: true;
}

/** The id of a process on this machine. A number that no operating system uses as one is ignored. */
export type ProcessId = number;

/** A kind of protector: a way to get the store key. */
export type Protector = "key-file" | "keyring" | "passphrase" | "command";

/** What the protectors guard against. */
export interface Protects {
  /** An attacker who has a copy of the data folder and nothing else. */
  copiesOfTheDataFolder: boolean;
  /** Other users of the machine; `false` if others may read the key file. */
  otherUsers: boolean;
  /** An attacker who has the disk. */
  stolenDisk: boolean;
}

/** A part of the store is damaged, and is kept as it is. */
export interface RecordDamagedData {
  kind: "recordDamaged";
  retryable: false;
  /** The cause. */
  reason: "record" | "key";
}

/** The key that a relay has bound the connection to. */
export interface Relayed {
  /** The handle of that key. A call may leave it out. */
  handle: string;
}

/** A lease that was released. */
export interface Released {
  released: true;
}

/** How a store that several machines share is connected to its server. */
export interface Remote {
  /** How this machine and the server are to each other. */
  state: "current" | "offline" | "refused" | "wentBack";
  /** When the server last confirmed what this machine holds, by the server's clock; absent if that is not known. */
  asOf?: Time;
}

/** A lease that was renewed. */
export interface Renewed {
  /** When the lease expires if it is not renewed again. */
  expiresAt: Time;
}

/** What a repair of a damaged store did. */
export interface Repaired {
  /** When the repair took place. */
  at: Time;
  /** How many records were intact. */
  kept: number;
  /** How many records were not intact; absent if this can't be known. */
  lost?: number;
  /** The folder with the damaged file. */
  quarantine?: Path;
  /** When the backup was taken that the repair restored; absent if it restored none. */
  restoredFrom?: Time;
}

/** The client cancelled the request, so it was not carried out. Send it again if it is still needed. */
export interface RequestCancelledData {
  kind: "requestCancelled";
  retryable: true;
}

/** A revision, or a lease's fencing token: strictly increasing over the whole store. 0 stands for a record that does not exist. */
export type Revision = number;

/** The record does not have the revision `ifRevision`, so nothing was changed. Read it again, and repeat the change. */
export interface RevisionConflictData {
  kind: "revisionConflict";
  retryable: false;
  /** The record's revision; 0 if there is no record. */
  revision: Revision;
}

/** A key that was revoked. */
export interface RevokedKey {
  revoked: true;
  /** Whether it was an owner key, so that its namespace was destroyed with all records and shared keys. */
  destroyed: boolean;
}

/** An absolute path. Any other text counts as an open folder in which nothing can be stored. */
export type RootPath = string;

/** An absolute URI. Any other text counts as an open folder in which nothing can be stored. */
export type RootUri = string;

/** What a shared key may do, if that is less than what its owner may do. */
export interface Scope {
  /** The contexts that the key may use. If absent: all, or only `workspace` if `workspaceFolders` is present. */
  contexts?: Context[];
  /** The machine that has the folders, where several machines share the store; absent for the machine without a name. */
  machine?: string;
  /** Whether the key may only read. */
  readOnly?: boolean;
  /** The folders that the key may use; if absent, all. */
  workspaceFolders?: WorkspaceFolder[];
}

export interface ServerInfo {
  name: string;
  /** The version of plugin-vault. */
  version: string;
}

/** The state of the store and of its protection. */
export interface Status {
  /** The size of the store on the disk, in bytes. 0 through a relay. */
  bytes: number;
  /** The folder where the store is, or would be. */
  dataDir: Path;
  /** The version of the disk format. */
  formatVersion: number;
  /** Whether methods that need data work now. */
  keyAvailable: boolean;
  /** Whether the store was locked, with `vault/lock` or `plugin-vault lock`. Then only `vault/unlock` gets its key. */
  locked: boolean;
  /** All protectors that can open the store. */
  protectors: Protector[];
  /** What all protectors together guard against, as they are set up now. A member is also `false` if this can't be known. */
  protects: Protects;
  /** The number of records, of all plugins. 0 through a relay. */
  records: number;
  /** The protector that opened the store. */
  protector?: Protector;
  /** Present and `true` through a relay: the store is then on the machine of the relay, and `dataDir` is a folder there. */
  relay?: boolean;
  /** The state of a store that several machines share; absent for a store of one machine. */
  remote?: Remote;
  /** What the last repair of a damaged store did; absent if there was none, and through a relay. */
  repaired?: Repaired;
  /** The id of the store; absent if there is no store yet. */
  storeId?: StoreId;
}

/** The store is busy; nothing was changed. */
export interface StoreBusyData {
  kind: "storeBusy";
  retryable: true;
  /** The cause. */
  reason: "lock" | "opening" | "closing" | "readers" | "addressSpace" | "replaced" | "overtaken" | "threads";
  /** For `lock`: the id of the process that holds the write lock. Absent if the process is not known. */
  process?: number;
}

/** The store is damaged, and its files are kept as they are. */
export interface StoreDamagedData {
  kind: "storeDamaged";
  retryable: false;
  /** The cause. */
  reason: "data" | "protectors";
}

/** The store could not be read or written. */
export interface StoreFailedData {
  kind: "storeFailed";
  retryable: false;
  /** The cause. */
  reason: "inputOutput" | "commit" | "unanswered";
  /** Present for `commit` and `unanswered`: read before you write again. */
  outcome?: "unknown";
}

/** The store has no room left; nothing was changed. */
export interface StoreFullData {
  kind: "storeFull";
  retryable: true;
  /** The cause. */
  reason: "disk" | "limit" | "map" | "quarantine" | "revisions" | "server";
}

/** The id of a store. */
export type StoreId = string;

/** plugin-vault does not use the store in its present state. */
export interface StoreRefusedData {
  kind: "storeRefused";
  retryable: false;
  /** The cause. */
  reason: "permissions" | "owner" | "platform" | "networkFileSystem" | "readOnly" | "link" | "fileType" | "access" | "serverRefused" | "serverWentBack" | "offlineTooLong" | "notJoined" | "otherStore";
}

/** The server of the shared store can't be reached; nothing was changed, and what is here can be read. Call again once the network is there. */
export interface StoreUnreachableData {
  kind: "storeUnreachable";
  retryable: true;
}

/** The target folder has a record with the same name, so nothing was moved. Delete one of the two first. */
export interface TargetExistsData {
  kind: "targetExists";
  retryable: false;
}

/** An RFC 3339 date and time, from 1970 on. A parameter may have any offset from UTC; results are in UTC with milliseconds. */
export type Time = string;

/** Whether the store key is available. */
export interface Unlocked {
  /** Whether methods that need data work now; `false` if there is no store yet. */
  keyAvailable: boolean;
}

export interface VaultCapabilities {
  /** The length of the longest object that can be stored, in bytes of JSON text. */
  maxDataBytes: number;
  /** The version of this contract. A client that needs a later version reports that and does not go on. */
  protocolVersion: number;
  /** Present if the connection comes through `plugin-vault relay`, which has bound it to one key. */
  relay?: Relayed;
}

/** The state of a watch. */
export interface Watch {
  /** The revision up to which the client has its notices. */
  revision: Revision;
  /** Whether the client gets change notices from now on. */
  watching: boolean;
}

/** Why a watch ends. */
export type WatchEnd = "apiKeyRevoked" | "apiKeyExpired";

export interface WorkspaceCapabilities {
  workspaceFolders: FolderCapabilities;
}

/** The absolute URI of a workspace folder, open or not. plugin-vault normalises it: scheme and host in lower case, canonical percent-encoding, a drive letter in lower case, no slash at the end, no `localhost`. An authority that RFC 3986 does not define is kept as it is. Symbolic links are not followed. */
export type WorkspaceFolder = string;

/** The workspace folder is not an absolute URI, so nothing was done. Pass one such as `file:///home/me/project`. */
export interface WorkspaceFolderInvalidData {
  kind: "workspaceFolderInvalid";
  retryable: false;
}

/** The request names no workspace folder, and not exactly one is open, so nothing was done. Pass `workspaceFolder`. */
export interface WorkspaceFolderRequiredData {
  kind: "workspaceFolderRequired";
  retryable: false;
}

/** The result of a write. */
export interface Written {
  /** The record's revision now. */
  revision: Revision;
}

/** The number of each kind of error. */
export const ERROR_CODES = {
  /** The message is not a request that can be carried out. */
  invalidRequest: -32600,
  /** plugin-vault has no method with that name, so nothing was done. Call `rpc.discover` for the list of methods. */
  methodNotFound: -32601,
  /** A parameter breaks a rule of the method, so nothing was done. */
  invalidParams: -32602,
  /** plugin-vault has a fault, so the request was not carried out. Please report it. */
  internalError: -32603,
  /** The message can't be read. */
  parseError: -32700,
  /** The client cancelled the request, so it was not carried out. Send it again if it is still needed. */
  requestCancelled: -32800,
  /** It is not known which API key the request uses. */
  apiKeyRequired: 1001,
  /** The text is not an API key, because it is not 40 hexadecimal digits. Pass a key as it was issued. */
  apiKeyInvalid: 1002,
  /** Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first. */
  apiKeyUnknown: 1003,
  /** The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another. */
  apiKeyRevoked: 1004,
  /** The API key has expired, so it opens nothing; its data is kept. Extend it with `plugin-vault key extend`. */
  apiKeyExpired: 1005,
  /** The API key does not permit the request. */
  notPermitted: 1006,
  /** The record does not have the revision `ifRevision`, so nothing was changed. Read it again, and repeat the change. */
  revisionConflict: 2001,
  /** The request would exceed a limit. */
  dataTooLarge: 2002,
  /** The request names no workspace folder, and not exactly one is open, so nothing was done. Pass `workspaceFolder`. */
  workspaceFolderRequired: 2003,
  /** The workspace folder is not an absolute URI, so nothing was done. Pass one such as `file:///home/me/project`. */
  workspaceFolderInvalid: 2004,
  /** The target folder has a record with the same name, so nothing was moved. Delete one of the two first. */
  targetExists: 2005,
  /** Another client has the lease, so it was not acquired. Try again at `data.expiresAt`, or wait with `waitMs`. */
  leaseHeld: 3001,
  /** No live lease has this token, because it expired or was released. Acquire the lease again, then read again. */
  leaseLost: 3002,
  /** The store key is not available; no data was lost. */
  keyUnavailable: 4001,
  /** A part of the store is damaged, and is kept as it is. */
  recordDamaged: 4002,
  /** The store is damaged, and its files are kept as they are. */
  storeDamaged: 4003,
  /** The store has no room left; nothing was changed. */
  storeFull: 5001,
  /** The store is busy; nothing was changed. */
  storeBusy: 5002,
  /** A later version of plugin-vault wrote the store, so this version can't read it. Update plugin-vault. */
  formatTooNew: 5003,
  /** Too much waits; the request was not carried out. */
  overloaded: 5004,
  /** plugin-vault does not use the store in its present state. */
  storeRefused: 5005,
  /** The store could not be read or written. */
  storeFailed: 5006,
  /** The server of the shared store can't be reached; nothing was changed, and what is here can be read. Call again once the network is there. */
  storeUnreachable: 5007,
} as const satisfies Record<ErrorKind, number>;

/** The kinds of errors of which the same call may succeed later with nothing else done. */
export const RETRYABLE: readonly ErrorKind[] = ["requestCancelled", "leaseHeld", "storeFull", "storeBusy", "overloaded", "storeUnreachable"];

/** The requests: what goes with each, and what comes back. */
export interface Methods {
  /**
   * Begins an editor's session, as in LSP 3.17. The open folders come from `workspaceFolders`, or else from `rootUri`, or else from `rootPath`. Every folder that the client names counts as open, even one without an absolute URI. Beside such a folder no other folder is the only open one, so `context: "workspace"` without `workspaceFolder` fails with 2003. All other members that LSP clients send are ignored. A second `initialize` fails with −32600.
   *
   * A client that never sends `initialize` is a script. Every method works at once, and the open folders are those of `--workspace-folder`, or else the current directory.
   */
  "initialize": {
    params: {
      /** The client's process. The sidecar ends when this process has ended. Ignored through a relay. */
      processId?: ProcessId | null;
      /** The open folder, from clients that support only one. */
      rootUri?: RootUri | null;
      /** The open folder as a path, from older clients. */
      rootPath?: RootPath | null;
      /** The open folders. `[]` means that no folder is open; `null` means the same as no member. */
      workspaceFolders?: OpenFolders | null;
    } & { [name: string]: unknown };
    result: Initialized;
  };
  /** Says that no more requests will come. The sidecar answers when every earlier write is in the store. After it, every request except `exit` fails with −32600. */
  "shutdown": {
    params: { [name: string]: unknown };
    result: null;
  };
  /**
   * Registers a key on this connection, and returns a handle for it. The same key gives the same handle again. A connection has at most 256 keys (2002).
   *
   * A call without `handle` uses the only key that the connection has set. This no longer works once the connection has set a second key. After a refused `setAPIKey` it does not work either, until the only key is set again.
   *
   * If the store key is not available, the result is `{handle}` alone; with `mustExist` the call fails with 4001.
   *
   * A well-formed key that was never issued is valid as well: its namespace begins with the first write.
   */
  "setAPIKey": {
    params: {
      /** The API key. */
      apiKey: APIKey;
      /** Whether to refuse a key with which nothing was stored yet (1003); `false` by default. */
      mustExist?: boolean | null;
    };
    result: KeySet;
  };
  /** Issues the owner key of a new namespace. With `installation`, the store keeps the key: the same pair of `plugin` and `installation` always gives the same key, issued once however many processes ask. A key that has expired is returned too, with its `expiresAt`. If no key is found while the row of some key is damaged, the call fails with 4002, because the damaged row may be the one that is asked for. */
  "issueAPIKey": {
    params: {
      /** What the user installed, like `publisher.name`. It is a claim, not a proof. */
      plugin: Name;
      /** Which installation of the plugin, like `vscode` or `nvim-work`. Without it, the caller keeps the key itself. */
      installation?: Name | null;
      /** The name of the key in lists. */
      label?: Name | null;
      /** When the key expires; without it, never. */
      expiresAt?: Time | null;
    };
    result: IssuedKey;
  };
  /** Creates another key for the same namespace. Only its owner may do this (1006). The new key ends with the owner key, if not earlier. */
  "shareAPIKey": {
    params: {
      /** The name of the key in lists. */
      label?: Name | null;
      /** When the key expires: no later than the owner key, and by default together with it. */
      expiresAt?: Time | null;
      /** What the key may do. Without it, everything that the owner may do, except sharing. */
      scope?: NewScope | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: NewKey;
  };
  /** Lists all keys of the namespace for its owner. A shared key sees only itself. Expired keys are listed; revoked keys, and keys whose row is damaged, are not. */
  "listAPIKeys": {
    params: {
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: ListedKey[];
  };
  /** Replaces the caller's key by a new one, in one commit. From then on every process refuses the old key (1004), and the handle means the new one. If the store keeps the old key, it keeps the new one in its place, and `issueAPIKey` returns the new one. */
  "rotateAPIKey": {
    params: {
      /** The new key, for a caller that keeps its key itself and has saved the new one before the call. A lost answer then loses nothing, and the same call gives the same answer again. Without it, plugin-vault generates the key. */
      apiKey?: APIKey | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: NewKey;
  };
  /** Revokes the caller's key, or with `keyId` a key that it shared. Revoking an owner key destroys its namespace, with all records and shared keys. Once the call is answered, every process refuses the revoked key (1004). */
  "revokeAPIKey": {
    params: {
      /** The id of the key to revoke, from `listAPIKeys`; without it, the caller's own key. The call fails with 1003 for a key that the namespace does not have, and with 1006 if a shared key names another key. */
      keyId?: KeyId | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: RevokedKey;
  };
  /** Stores an object, and replaces the one that the record had before. The same text with the same expiry changes nothing and keeps the revision. */
  "setPersistentData": {
    params: {
      /** The record's context. */
      context: Context;
      /** The object to store. */
      data: JsonObject;
      /** The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name; without it, the unnamed record of its context. */
      name?: Name | null;
      /** The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001. */
      ifRevision?: Revision | null;
      /** When the record expires; without it, never. With a time in the past, the record expires at once. */
      expiresAt?: Time | null;
      /** A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it. */
      lease?: Revision | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Written;
  };
  /** Returns the object byte for byte as it was stored, or `null` if there is no record. */
  "getPersistentData": {
    params: {
      /** The record's context. */
      context: Context;
      /** The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name; without it, the unnamed record of its context. */
      name?: Name | null;
      /** Whether to read, where the folder has no such record, the one of the nearest folder above it (at most 64, by the segments of the URI's path), and otherwise the user's. A folder outside of the key's scope counts as empty. A damaged record on the way fails with 4002. */
      inherit?: boolean | null;
      /** Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20 seconds old, and older while the server can't be reached. A store of one machine is always current. */
      fresh?: boolean | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: JsonObject | null;
  };
  /** Returns the object with its revision and its dates, or `null` if there is no record. */
  "getPersistentRecord": {
    params: {
      /** The record's context. */
      context: Context;
      /** The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name; without it, the unnamed record of its context. */
      name?: Name | null;
      /** Whether to read, where the folder has no such record, the one of the nearest folder above it (at most 64, by the segments of the URI's path), and otherwise the user's. A folder outside of the key's scope counts as empty. A damaged record on the way fails with 4002. */
      inherit?: boolean | null;
      /** Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20 seconds old, and older while the server can't be reached. A store of one machine is always current. */
      fresh?: boolean | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: PersistentRecord | null;
  };
  /** Changes members of an object atomically, by a merge patch (RFC 7396). If there is no record, the patch is applied to `{}`. Members that the patch does not touch keep their text. The record keeps its expiry. */
  "patchPersistentData": {
    params: {
      /** The record's context. */
      context: Context;
      /** The changes. */
      patch: MergePatch;
      /** The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name; without it, the unnamed record of its context. */
      name?: Name | null;
      /** The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001. */
      ifRevision?: Revision | null;
      /** A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it. */
      lease?: Revision | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Written;
  };
  /** Removes a record. If there is no such record, the result is `{"deleted": false, "revision": 0}`, unless `ifRevision` demands one. */
  "deletePersistentData": {
    params: {
      /** The record's context. */
      context: Context;
      /** The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name; without it, the unnamed record of its context. */
      name?: Name | null;
      /** The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001. */
      ifRevision?: Revision | null;
      /** A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it. */
      lease?: Revision | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Deleted;
  };
  /**
   * Lists the records in the key's namespace and scope, without their data. The order is always the same, and says nothing about the records.
   *
   * If the list is longer than a message may be, the call fails with 2002, and `data.limit` is that length in bytes. Ask for such a list in pages: pass `limit`, and pass the last entry of one page as `after` of the next. A page with fewer entries than `limit` is the last one. Each page shows the store at its own moment. A record that exists all the time is in one of the pages.
   */
  "listPersistentData": {
    params: {
      /** Only records of this context. */
      context?: Context | null;
      /** Only records of this folder. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The most entries to return, from 1 to 1,000; without it, all. */
      limit?: number | null;
      /** Only records that follow this one in the order. The record itself need not exist any more. */
      after?: ListedBefore | null;
      /** Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20 seconds old, and older while the server can't be reached. A store of one machine is always current. */
      fresh?: boolean | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: ListedRecord[];
  };
  /** Moves all records of one folder to another folder, or none of them. Each moved record takes two revisions. Records keep their `createdAt` and their expiry. */
  "movePersistentData": {
    params: {
      /** The folder that the records are in. */
      from: WorkspaceFolder;
      /** The folder that the records move to. The call fails with 2005 if this folder already has one of them. */
      to: WorkspaceFolder;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Moved;
  };
  /** Starts a watch. The sidecar then sends `persistentData/didChange` for each change that other connections, in this process or any other, make in the namespace and the scope of the key. A second call without `since` leaves the watch where it is. */
  "watchPersistentData": {
    params: {
      /** The revision up to which the client knows the records: the last `revision` that it received. Without it, the latest revision of the store. */
      since?: Revision | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Watch;
  };
  /** Ends a watch. A later watch with this `revision` as `since` continues from there. */
  "unwatchPersistentData": {
    params: {
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Watch;
  };
  /**
   * Acquires an exclusive lease on a name. The lease lasts for `ttlMs`, and longer if it is renewed. If the name is already held, the request waits for up to `waitMs` and then fails with 3001. Waiting requests are served in no particular order. The current holder waits like any other caller.
   *
   * The name becomes free within a second of any of these events: the lease is released; its time is over, on a clock that also runs while the machine sleeps; the sidecar that acquired it ends, for any reason; the key that acquired it is revoked.
   *
   * All keys of a namespace share the names of leases. A key that may change no record (`readOnly`, or a scope that covers no record) gets no lease (1006). At most 64 requests of a connection may wait for leases (5004). A namespace has at most 1,000 leases, and a shared key holds at most 100 (2002).
   */
  "acquireLease": {
    params: {
      /** The name of the lease, in the key's namespace. */
      name: Name;
      /** How long the lease lasts without being renewed, in milliseconds. */
      ttlMs: number;
      /** How long the request waits while the lease is held, in milliseconds; 0 by default. */
      waitMs?: number | null;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Leased;
  };
  /** Renews a lease for its whole length, from now on. Only the key that acquired the lease may do this, in any process, or the key that replaced it by `rotateAPIKey`. Another key of the namespace gets 1006. */
  "renewLease": {
    params: {
      /** The name of the lease. */
      name: Name;
      /** The fencing token from `acquireLease`. The call fails with 3002 if it is not the token of the live lease. */
      lease: Revision;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Renewed;
  };
  /** Releases a lease. A request that waits for it gets it within a second. Only the key that acquired the lease may do this, in any process, or the key that replaced it by `rotateAPIKey`. Another key of the namespace gets 1006. */
  "releaseLease": {
    params: {
      /** The name of the lease. */
      name: Name;
      /** The fencing token from `acquireLease`. The call fails with 3002 if it is not the token of the live lease. */
      lease: Revision;
      /** The key to use. Optional while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Released;
  };
  /** Returns the state of the store and of its protection. The result never contains a name or a value. The method never prompts the user, and never creates a store. */
  "vault/status": {
    params: { [name: string]: never };
    result: Status;
  };
  /**
   * Locks the store for every process that shares it, until `vault/unlock`. The other processes notice it within about a second. Each process drops the store key, the keys that it derived from it, and what it remembers of records; the session's keyring of the kernel loses its entry. From then on no process asks a protector: no program is run, and no keyring is read. Requests that need data fail with 4001 `locked`.
   *
   * Earlier writes of the connection are carried out first. Handles stay valid. Watches do not end: they continue after `vault/unlock`, with every change since. `vault/unlock` asks once, and removes the lock for every process.
   *
   * A store whose only protector is `key-file` can't be locked. The lock does not protect against a process that reads the key from the keyring itself, or that was started with another version of plugin-vault.
   */
  "vault/lock": {
    params: { [name: string]: never };
    result: Locked;
  };
  /**
   * Gets the store key of a locked store: with `passphrase`, or by asking a person through the program that `PLUGIN_VAULT_ASKPASS` names. This is the only method that may prompt the user. Every other request that needs data fails with 4001 `locked` at once.
   *
   * If the store was locked with `vault/lock`, this removes the lock for every process: the protectors are asked anew, and the other processes of the login session find the key as described below.
   *
   * One process at a time asks. Another process waits, and fails with 4001 `deadline` if its own time is over first. With `passphrase`, the sidecar prompts for nothing and waits for no person. `$/cancelRequest` also ends the program's question. One process derives one key at a time. It carries out its requests in the order in which they came. At most 256 requests with `passphrase` and 256 without it may wait (5004).
   *
   * On Linux, a key that `keyring`, `passphrase` or `command` gave stays in the kernel's keyring of the login session until log-out. A key from `key-file` never does. With the key in that keyring, no other process of the session has to ask: `setAPIKey` and `vault/status` find it, and `protector` still names the protector that gave it. Removing a protector removes the key from that keyring. On other systems, and where the kernel's keyring may not be used, each process asks once.
   */
  "vault/unlock": {
    params: {
      /** The passphrase, if the client has asked for it itself. */
      passphrase?: Passphrase | null;
      /** How long a person may take, in milliseconds; 60,000 by default. */
      timeoutMs?: number | null;
    };
    result: Unlocked;
  };
  /** Returns this document: every method, notification, parameter, result and error, with descriptions, limits and examples. It is byte for byte what `plugin-vault schema` prints. */
  "rpc.discover": {
    params: { [name: string]: never };
    result: OpenRPC;
  };
}

/** The notifications that a client sends: what goes with each. */
export interface ClientNotifications {
  /** The client has read the answer to `initialize`. The sidecar does nothing. */
  "initialized": { [name: string]: unknown };
  /** Ends the sidecar, with exit code 0 after `shutdown` and 1 otherwise. */
  "exit": { [name: string]: unknown };
  /** Cancels a waiting request. The request fails with −32800, and nothing of it is carried out. If the notification comes too late, the request is answered with its true outcome. */
  "$/cancelRequest": {
      /** The request's id. */
      id: string | number | null;
    } & { [name: string]: unknown };
  /** Ignored. */
  "$/setTrace": {
      value: string;
    } & { [name: string]: unknown };
  /** The client opened or closed folders, as in LSP 3.17: `event` has `added` and `removed`. */
  "workspace/didChangeWorkspaceFolders": {
      event: { [name: string]: unknown };
    } & { [name: string]: unknown };
}

/** The notifications that the server sends: what comes with each. */
export interface ServerNotifications {
  /** A change by another connection, in the namespace and the scope of the key of a watching handle. Each change comes once, in order, and none comes before the answer to the watch. The sidecar sends the next notice when the client has taken the one before. A client that does not read falls behind, and the sidecar's memory does not grow. There is no notice for a record that expires. */
  "persistentData/didChange": DidChange;
  /** The state of the store has changed: it was unlocked, repaired after damage, or replaced by `plugin-vault restore`, or a protector was added or removed. Every connection gets this notification, in every process that has the store open. */
  "vault/didChangeStatus": Status;
}
