// The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.
// `UPDATE=1 cargo test --features schema --test schema` writes it.

/** 40 hexadecimal digits. Whoever has them has the data: keep them as a secret. */
export type APIKey = string;

/** Where a record is. */
export interface Address {
  /** One of the two. */
  context: Context;
  /** Its name. Without it, *the* object of its context. */
  name?: Name;
  /** Its folder, for the context `workspace`. May be left out when exactly one is open. */
  workspaceFolder?: WorkspaceFolder;
}

/** The API key has expired; its data is kept. */
export interface ApiKeyExpiredData {
  kind: "apiKeyExpired";
  retryable: false;
}

/** An API key is 40 hexadecimal digits. */
export interface ApiKeyInvalidData {
  kind: "apiKeyInvalid";
  retryable: false;
}

/** No API key is meant: call setAPIKey, and pass its handle. */
export interface ApiKeyRequiredData {
  kind: "apiKeyRequired";
  retryable: false;
}

/** The API key was revoked or replaced. */
export interface ApiKeyRevokedData {
  kind: "apiKeyRevoked";
  retryable: false;
}

/** Nothing has been stored with this API key. */
export interface ApiKeyUnknownData {
  kind: "apiKeyUnknown";
  retryable: false;
}

/** What the store is busy with, if not with another process. */
export type BusyReason = "threads";

export interface Capabilities {
  experimental: Experimental;
  workspace: WorkspaceCapabilities;
}

/** One set of records for the user, or one for each workspace folder. */
export type Context = "user" | "workspace";

/** Over a limit; data.limit is the limit. */
export interface DataTooLargeData {
  kind: "dataTooLarge";
  retryable: false;
  /** The limit: bytes, records, handles, leases or keys. */
  limit: number;
}

/** A record that was removed. */
export interface Deleted {
  /** Whether there was one. */
  deleted: boolean;
  /** The revision of the removal; 0 where there was none. */
  revision: Revision;
}

/** What a watching client is told. */
export type DidChange = {
  /** Where the record is. */
  context: Context;
  /** Whether it was deleted. */
  deleted: boolean;
  /** The watch that this is for. */
  handle: Handle;
  /** The record's revision now. */
  revision: Revision;
  /** Its name; absent for *the* object of its context. */
  name?: Name;
  /** Its folder; absent for the context `user`. */
  workspaceFolder?: WorkspaceFolder;
} | {
  /** Tells this from other notices. */
  resync: true;
  /** The watch that this is for. */
  handle: Handle;
  /** The revision up to which they were missed. */
  revision: Revision;
} | {
  /** Why. */
  ended: WatchEnd;
  /** The watch that this is for. */
  handle: Handle;
  /** The revision up to which the client has been told. */
  revision: Revision;
};

/** `error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done. */
export type ErrorData = ParseErrorData | InvalidRequestData | MethodNotFoundData | InvalidParamsData | InternalErrorData | RequestCancelledData | ApiKeyRequiredData | ApiKeyInvalidData | ApiKeyUnknownData | ApiKeyRevokedData | ApiKeyExpiredData | NotPermittedData | RevisionConflictData | DataTooLargeData | WorkspaceFolderRequiredData | WorkspaceFolderInvalidData | TargetExistsData | LeaseHeldData | LeaseLostData | KeyUnavailableData | RecordDamagedData | StoreDamagedData | StoreFullData | StoreBusyData | FormatTooNewData | OverloadedData | StoreRefusedData | StoreFailedData;

/** What went wrong, for programs. `message` is for people, and one sentence for each. */
export type ErrorKind = "parseError" | "invalidRequest" | "methodNotFound" | "invalidParams" | "internalError" | "requestCancelled" | "apiKeyRequired" | "apiKeyInvalid" | "apiKeyUnknown" | "apiKeyRevoked" | "apiKeyExpired" | "notPermitted" | "revisionConflict" | "dataTooLarge" | "workspaceFolderRequired" | "workspaceFolderInvalid" | "targetExists" | "leaseHeld" | "leaseLost" | "keyUnavailable" | "recordDamaged" | "storeDamaged" | "storeFull" | "storeBusy" | "formatTooNew" | "overloaded" | "storeRefused" | "storeFailed";

export interface Experimental {
  pluginVault: VaultCapabilities;
}

export interface FolderCapabilities {
  changeNotifications: true;
  supported: true;
}

/** The store was written by a later version: update plugin-vault. */
export interface FormatTooNewData {
  kind: "formatTooNew";
  retryable: false;
}

/** Names a key on the connection on which `setAPIKey` gave it. */
export type Handle = string;

/** What the server is, and can do. */
export interface Initialized {
  capabilities: Capabilities;
  serverInfo: ServerInfo;
}

/** The vault has a fault; please report it. */
export interface InternalErrorData {
  kind: "internalError";
  retryable: false;
}

/** A parameter is wrong; data says which and why. */
export interface InvalidParamsData {
  kind: "invalidParams";
  retryable: false;
  /** One of our names; or a position from 0, also among the members, for a name that the method does not have. */
  parameter: string | number;
  /** What is wrong with it. */
  reason: ParameterReason;
}

/** The message is not a JSON-RPC 2.0 request, or has no place here. */
export interface InvalidRequestData {
  kind: "invalidRequest";
  retryable: false;
}

/** A key that was issued, or is kept. */
export interface IssuedKey {
  /** The key itself. */
  apiKey: APIKey;
  /** Whether it was made now. */
  created: boolean;
  /** Names the key in `revokeAPIKey`. */
  keyId: KeyId;
  /** Whether it is the owner of its namespace. */
  owner: boolean;
  /** When it ends, if it does. */
  expiresAt?: Time;
  /** For which installation the vault keeps it. */
  installation?: Name;
  /** When the vault issued it; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** What its owner calls it. */
  label?: Name;
  /** For which plugin it was issued. */
  plugin?: Name;
  /** What it may do, where that is less than what its owner may. */
  scope?: Scope;
}

/** A JSON object, kept byte for byte less white space at its ends. Up to `maxDataBytes` of `initialize`, 8 MiB by default. */
export type JsonObject = { [name: string]: unknown };

/** What is told of a key; never the key itself. */
export interface Key {
  /** Names the key in `revokeAPIKey`. */
  keyId: KeyId;
  /** Whether it is the owner of its namespace. */
  owner: boolean;
  /** When it ends, if it does. */
  expiresAt?: Time;
  /** For which installation the vault keeps it. */
  installation?: Name;
  /** When the vault issued it; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** What its owner calls it. */
  label?: Name;
  /** For which plugin it was issued. */
  plugin?: Name;
  /** What it may do, where that is less than what its owner may. */
  scope?: Scope;
}

/** Names a key, and tells nothing of it: 32 hexadecimal digits. */
export type KeyId = string;

/** Why a protector does not give the store's key. */
export type KeyReason = "locked" | "missing" | "wrong" | "denied" | "deadline" | "failed" | "programMissing" | "relativeProgram" | "invalidPassphrase" | "memory";

/** What `setAPIKey` knows of a key. */
export interface KeySet {
  /** Names the key on this connection from now on. */
  handle: Handle;
  /** When it ends, if it does. */
  expiresAt?: Time;
  /** For which installation the vault keeps it. */
  installation?: Name;
  /** When the vault issued it; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** Names the key in `revokeAPIKey`. */
  keyId?: KeyId;
  /** Whether anything was stored with it, or it was issued here. */
  known?: boolean;
  /** What its owner calls it. */
  label?: Name;
  /** Whether it is the owner of its namespace. */
  owner?: boolean;
  /** For which plugin it was issued. */
  plugin?: Name;
  /** What it may do, where that is less than what its owner may. */
  scope?: Scope;
}

/** The store's key is not at hand; nothing is lost. */
export interface KeyUnavailableData {
  kind: "keyUnavailable";
  /** The protector that stands in the way. */
  protector: Protector;
  /** Why. `retryable` is true for `locked`, `deadline` and `memory`. */
  reason: KeyReason;
  retryable: boolean;
}

/** Another holds the lease; data.expiresAt says until when. */
export interface LeaseHeldData {
  kind: "leaseHeld";
  retryable: true;
  /** Until when it is held if it is not renewed. */
  expiresAt: Time;
}

/** The lease is not held any more: acquire it again. */
export interface LeaseLostData {
  kind: "leaseLost";
  retryable: false;
}

/** A lease that was acquired. */
export interface Leased {
  /** Until when it is held if it is not renewed. */
  expiresAt: Time;
  /** The fencing token: a number that only grows. */
  lease: Revision;
}

/** Names a record, as an entry of a list does; what else the entry has may be there too. */
export interface ListedBefore {
  context: Context;
  name?: Name;
  workspaceFolder?: WorkspaceFolder;
}

/** A key of `listAPIKeys`. */
export interface ListedKey {
  /** Whether it is the caller's own. */
  current: boolean;
  /** Names the key in `revokeAPIKey`. */
  keyId: KeyId;
  /** Whether it is the owner of its namespace. */
  owner: boolean;
  /** When it ends, if it does. */
  expiresAt?: Time;
  /** For which installation the vault keeps it. */
  installation?: Name;
  /** When the vault issued it; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** What its owner calls it. */
  label?: Name;
  /** For which plugin it was issued. */
  plugin?: Name;
  /** What it may do, where that is less than what its owner may. */
  scope?: Scope;
}

/** A record of `listPersistentData`. */
export interface ListedRecord {
  /** How long its text is, in bytes. */
  bytes: number;
  /** Where it is. */
  context: Context;
  /** When it was first written. */
  createdAt: Time;
  /** Of the write that last changed it. */
  revision: Revision;
  /** When it was last written. */
  updatedAt: Time;
  /** When it expires, if it does. */
  expiresAt?: Time;
  /** Its name; absent for *the* object of its context. */
  name?: Name;
  /** Its folder; absent for the context `user`. */
  workspaceFolder?: WorkspaceFolder;
}

/** A merge patch (RFC 7396): members take the place of those that are there, and `null` removes one. At most 128 levels, and no longer than an object that is stored may be. */
export type MergePatch = { [name: string]: unknown };

/** There is no such method. */
export interface MethodNotFoundData {
  kind: "methodNotFound";
  retryable: false;
}

/** Records that were moved. */
export interface Moved {
  /** How many. */
  moved: number;
  /** The last of their revisions; 0 where there were none. */
  revision: Revision;
}

/** 1 to 256 bytes of UTF-8, compared byte for byte. */
export type Name = string;

/** A key, for whoever asked for it. */
export interface NewKey {
  /** The key itself. */
  apiKey: APIKey;
  /** Names the key in `revokeAPIKey`. */
  keyId: KeyId;
  /** Whether it is the owner of its namespace. */
  owner: boolean;
  /** When it ends, if it does. */
  expiresAt?: Time;
  /** For which installation the vault keeps it. */
  installation?: Name;
  /** When the vault issued it; absent for a key that it did not issue. */
  issuedAt?: Time;
  /** What its owner calls it. */
  label?: Name;
  /** For which plugin it was issued. */
  plugin?: Name;
  /** What it may do, where that is less than what its owner may. */
  scope?: Scope;
}

/** The scope of a key that is to be made. `null` means that a member is absent. */
export interface NewScope {
  contexts?: Context[] | null;
  readOnly?: boolean | null;
  workspaceFolders?: WorkspaceFolder[] | null;
}

/** The API key does not permit this. */
export interface NotPermittedData {
  kind: "notPermitted";
  retryable: false;
}

/** LSP's `WorkspaceFolder`s; one folder may stand there in several spellings. Each element is an open folder: where its `uri` is no absolute URI, one in which nothing can be stored. */
export type OpenFolders = {
  uri: string;
  name?: string;
}[];

/** An OpenRPC document: this one. */
export type OpenRPC = { [name: string]: unknown };

/** Too much waits at once; take answers before asking for more. */
export interface OverloadedData {
  kind: "overloaded";
  retryable: true;
}

/** What is wrong with a parameter. */
export type ParameterReason = "unknown" | "duplicate" | "missing" | "wrongType" | "outOfRange";

/** The message is not JSON in UTF-8, or its frame is malformed. */
export interface ParseErrorData {
  kind: "parseError";
  retryable: false;
}

/** A passphrase of the store: up to 64 KiB of UTF-8 without control characters. A leading byte-order mark is dropped, every other space becomes U+0020, and the text is brought into Normalization Form C, so that it opens the store however it was typed. What is left must not be empty. */
export type Passphrase = string;

/** A path of this machine. */
export type Path = string;

/** A record with its revision and its dates. */
export interface PersistentRecord {
  /** When it was first written. */
  createdAt: Time;
  /** What is stored, byte for byte. */
  data: JsonObject;
  /** Of the write that last changed it. */
  revision: Revision;
  /** When it was last written. */
  updatedAt: Time;
  /** When it expires, if it does. */
  expiresAt?: Time;
  /** It came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since: it may not be what was stored last. A token in it may be spent. */
  restored?: true;
}

/** A process of this machine; a number that no system gives is ignored. */
export type ProcessId = number;

/** A way to the store's key. */
export type Protector = "key-file" | "keyring" | "passphrase" | "command";

/** What the protectors guard against. */
export interface Protects {
  /** Whoever has a copy of the data folder alone. */
  copiesOfTheDataFolder: boolean;
  /** Other users of the machine; not where others may read the key file. */
  otherUsers: boolean;
  /** Whoever has the disk. */
  stolenDisk: boolean;
}

/** The stored value is damaged; it is kept as it is. */
export interface RecordDamagedData {
  kind: "recordDamaged";
  retryable: false;
}

/** What stands in the way of a store. */
export type RefusalReason = "permissions" | "owner" | "platform" | "networkFileSystem" | "readOnly" | "link" | "fileType" | "access";

/** A lease that was given up. */
export interface Released {
  released: true;
}

/** A lease that was renewed. */
export interface Renewed {
  /** Until when it is held if it is not renewed again. */
  expiresAt: Time;
}

/** What a repair of a damaged store did. */
export interface Repaired {
  /** When. */
  at: Time;
  /** How many records were whole. */
  kept: number;
  /** How many were not; absent if it can't be known. */
  lost?: number;
  /** The folder in which the damaged file lies. */
  quarantine?: Path;
  /** When the backup was taken that was put back, if one was. */
  restoredFrom?: Time;
}

/** The request was cancelled and not carried out. */
export interface RequestCancelledData {
  kind: "requestCancelled";
  retryable: true;
}

/** A revision, or a lease's fencing token: strictly increasing over the whole store. 0 means "not there". */
export type Revision = number;

/** The record has another revision: read it again. */
export interface RevisionConflictData {
  kind: "revisionConflict";
  retryable: false;
  /** The record's revision, 0 for none. */
  revision: Revision;
}

/** A key that has ended. */
export interface RevokedKey {
  revoked: true;
  /** Whether it was an owner's, and its namespace was destroyed with all records and shared keys. */
  destroyed: boolean;
}

/** An absolute path. For anything else a folder is open in which nothing can be stored. */
export type RootPath = string;

/** An absolute URI. For anything else a folder is open in which nothing can be stored. */
export type RootUri = string;

/** What a shared key may do, where that is less than what its owner may. */
export interface Scope {
  /** The contexts that it may use. If absent: all, or `workspace` alone where `workspaceFolders` is there. */
  contexts?: Context[];
  /** Whether it may only read. */
  readOnly?: boolean;
  /** The folders that it may use; all, if absent. */
  workspaceFolders?: WorkspaceFolder[];
}

export interface ServerInfo {
  name: string;
  /** The version of the program. */
  version: string;
}

/** The state of the store, and what protects it. */
export interface Status {
  /** How long the store is, in bytes on the disk. */
  bytes: number;
  /** Where the store lies, or would lie. */
  dataDir: Path;
  /** The version of what lies on the disk. */
  formatVersion: number;
  /** Whether what needs data works now. */
  keyAvailable: boolean;
  /** All that could open it. */
  protectors: Protector[];
  /** What all protectors together guard against, as things lie now; `false` also where it can't be known. */
  protects: Protects;
  /** How many records there are, of all plugins. */
  records: number;
  /** The protector that opened the store. */
  protector?: Protector;
  /** What the last repair of a damaged store did; absent if there was none. */
  repaired?: Repaired;
  /** Absent where there is no store yet. */
  storeId?: StoreId;
}

/** The store is busy; nothing was changed. */
export interface StoreBusyData {
  kind: "storeBusy";
  retryable: true;
  /** There where it is no other process: `threads` if the system gives this process no more threads. */
  reason?: BusyReason;
}

/** The store is damaged, and nothing could replace it; its files are kept as they are. */
export interface StoreDamagedData {
  kind: "storeDamaged";
  retryable: false;
}

/** The store could not be read or written. */
export interface StoreFailedData {
  kind: "storeFailed";
  retryable: false;
  /** There if a commit was under way: read before you write again. */
  outcome?: "unknown";
}

/** The disk or the store is full; nothing was changed. */
export interface StoreFullData {
  kind: "storeFull";
  retryable: true;
}

/** Names a store. */
export type StoreId = string;

/** The store can't be used as it lies there; the log says what to do. */
export interface StoreRefusedData {
  kind: "storeRefused";
  retryable: false;
  /** What stands in the way. */
  reason: RefusalReason;
}

/** The target has such a record already; nothing was moved. */
export interface TargetExistsData {
  kind: "targetExists";
  retryable: false;
}

/** An RFC 3339 date and time from 1970 on. Taken with any offset from UTC, given in UTC with milliseconds. */
export type Time = string;

/** Whether the store's key is at hand. */
export interface Unlocked {
  /** Whether what needs data works now. `false` where there is no store yet. */
  keyAvailable: boolean;
}

export interface VaultCapabilities {
  /** The longest object that can be stored, in bytes of JSON text. */
  maxDataBytes: number;
  /** The version of this contract. A client that needs a later one says so, and goes on with nothing. */
  protocolVersion: number;
}

/** A watch. */
export interface Watch {
  /** The revision up to which it has been told. */
  revision: Revision;
  /** Whether the client is told of changes from now on. */
  watching: boolean;
}

/** Why a watch ends. */
export type WatchEnd = "apiKeyRevoked" | "apiKeyExpired";

export interface WorkspaceCapabilities {
  workspaceFolders: FolderCapabilities;
}

/** The absolute URI of a workspace folder, open or not. Normalised: scheme and host in lower case, percent-encoding made canonical, a drive letter in lower case, no slash at the end, `localhost` dropped; an authority that RFC 3986 does not know is kept as it is. Symbolic links are not followed. */
export type WorkspaceFolder = string;

/** A workspace folder is an absolute URI. */
export interface WorkspaceFolderInvalidData {
  kind: "workspaceFolderInvalid";
  retryable: false;
}

/** Pass workspaceFolder: not exactly one folder is open. */
export interface WorkspaceFolderRequiredData {
  kind: "workspaceFolderRequired";
  retryable: false;
}

/** A write. */
export interface Written {
  /** The record's revision now. */
  revision: Revision;
}

/** The number of each kind of error. */
export const ERROR_CODES = {
  /** The message is not a JSON-RPC 2.0 request, or has no place here. */
  invalidRequest: -32600,
  /** There is no such method. */
  methodNotFound: -32601,
  /** A parameter is wrong; data says which and why. */
  invalidParams: -32602,
  /** The vault has a fault; please report it. */
  internalError: -32603,
  /** The message is not JSON in UTF-8, or its frame is malformed. */
  parseError: -32700,
  /** The request was cancelled and not carried out. */
  requestCancelled: -32800,
  /** No API key is meant: call setAPIKey, and pass its handle. */
  apiKeyRequired: 1001,
  /** An API key is 40 hexadecimal digits. */
  apiKeyInvalid: 1002,
  /** Nothing has been stored with this API key. */
  apiKeyUnknown: 1003,
  /** The API key was revoked or replaced. */
  apiKeyRevoked: 1004,
  /** The API key has expired; its data is kept. */
  apiKeyExpired: 1005,
  /** The API key does not permit this. */
  notPermitted: 1006,
  /** The record has another revision: read it again. */
  revisionConflict: 2001,
  /** Over a limit; data.limit is the limit. */
  dataTooLarge: 2002,
  /** Pass workspaceFolder: not exactly one folder is open. */
  workspaceFolderRequired: 2003,
  /** A workspace folder is an absolute URI. */
  workspaceFolderInvalid: 2004,
  /** The target has such a record already; nothing was moved. */
  targetExists: 2005,
  /** Another holds the lease; data.expiresAt says until when. */
  leaseHeld: 3001,
  /** The lease is not held any more: acquire it again. */
  leaseLost: 3002,
  /** The store's key is not at hand; nothing is lost. */
  keyUnavailable: 4001,
  /** The stored value is damaged; it is kept as it is. */
  recordDamaged: 4002,
  /** The store is damaged, and nothing could replace it; its files are kept as they are. */
  storeDamaged: 4003,
  /** The disk or the store is full; nothing was changed. */
  storeFull: 5001,
  /** The store is busy; nothing was changed. */
  storeBusy: 5002,
  /** The store was written by a later version: update plugin-vault. */
  formatTooNew: 5003,
  /** Too much waits at once; take answers before asking for more. */
  overloaded: 5004,
  /** The store can't be used as it lies there; the log says what to do. */
  storeRefused: 5005,
  /** The store could not be read or written. */
  storeFailed: 5006,
} as const satisfies Record<ErrorKind, number>;

/** The kinds of errors of which the same call may succeed later with nothing else done. */
export const RETRYABLE: readonly ErrorKind[] = ["requestCancelled", "leaseHeld", "storeFull", "storeBusy", "overloaded"];

/** The requests: what goes with each, and what comes back. */
export interface Methods {
  /**
   * Begins an editor's session, as LSP 3.17 has it. Open folders are those of `workspaceFolders`, else `rootUri`, else `rootPath`. What the client calls open counts as open even where it is no URI: no other folder is the only one then, and `context: "workspace"` without `workspaceFolder` is 2003. All else that LSP clients send is ignored. A second one is −32600.
   *
   * A client that never sends it is a script: every method works at once, and the open folders are those of `--workspace-folder`, else the current directory.
   */
  "initialize": {
    params: {
      /** The process with which the server ends. */
      processId?: ProcessId | null;
      /** The open folder, from clients that know no more than one. */
      rootUri?: RootUri | null;
      /** The same as a path, from older clients. */
      rootPath?: RootPath | null;
      /** The open folders. `[]` says that none is open; `null` says nothing. */
      workspaceFolders?: OpenFolders | null;
    } & { [name: string]: unknown };
    result: Initialized;
  };
  /** Says that no more requests will come. Answered when everything that was written before is in the store. After it every request but `exit` is −32600. */
  "shutdown": {
    params: { [name: string]: unknown };
    result: null;
  };
  /**
   * Registers a key on this connection. The same key again gives the same handle; at most 256 keys a connection (2002). Calls without `handle` mean the one key that the connection has set: a second key ends that for the connection, a refused `setAPIKey` until the only key is set again.
   *
   * Where the store's key is not at hand the result is `{handle}` alone; with `mustExist` it is 4001.
   *
   * A well-formed key that was never issued is a key all the same: its namespace begins with the first write.
   */
  "setAPIKey": {
    params: {
      /** The key. */
      apiKey: APIKey;
      /** Whether a key with which nothing was stored yet is refused (1003); `false` by default. */
      mustExist?: boolean | null;
    };
    result: KeySet;
  };
  /** A new namespace's owner key. With `installation` the vault keeps it: the same pair always gives the same key, made once however many processes ask; also one that has expired, with its `expiresAt`. If none is found while a key's row is damaged the answer is 4002: it may be that one. */
  "issueAPIKey": {
    params: {
      /** What the user installed, like `publisher.name`: a claim, not a proof. */
      plugin: Name;
      /** Which installation of it, like `vscode` or `nvim-work`. Without it, the caller keeps the key itself. */
      installation?: Name | null;
      /** What the key is called in lists. */
      label?: Name | null;
      /** When the key ends; without it, never. */
      expiresAt?: Time | null;
    };
    result: IssuedKey;
  };
  /** Another key for the same namespace; only its owner may (1006). It dies with its owner. */
  "shareAPIKey": {
    params: {
      /** What the key is called in lists. */
      label?: Name | null;
      /** When the key ends: no later than the owner's, and with the owner's by default. */
      expiresAt?: Time | null;
      /** What the key may do. Without it, all that the owner may, except sharing. */
      scope?: NewScope | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: NewKey;
  };
  /** All keys of the namespace for its owner, and for a shared key itself; expired ones too, revoked ones not, and none whose row is damaged. */
  "listAPIKeys": {
    params: {
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: ListedKey[];
  };
  /** Puts a new key in the place of the caller's, in one commit: from then on every process refuses the old one (1004), and the handle goes on with the new one. A key that the vault keeps is kept anew: `issueAPIKey` gives the new one. */
  "rotateAPIKey": {
    params: {
      /** The new key, for whoever keeps it itself and has saved it before: then a lost answer loses nothing, and the same call again gives the same answer. Without it, the vault makes one. */
      apiKey?: APIKey | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: NewKey;
  };
  /** Ends the caller's key, or with `keyId` one that it shared. An owner's own end destroys its namespace, with all records and shared keys. From the answer on every process refuses the key (1004). */
  "revokeAPIKey": {
    params: {
      /** Which key, from `listAPIKeys`; without it, the caller's own. 1003 for one that the namespace does not have, 1006 where a shared key names another. */
      keyId?: KeyId | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: RevokedKey;
  };
  /** Stores an object in the place of what was there. The same text with the same expiry changes nothing and keeps its revision. */
  "setPersistentData": {
    params: {
      /** Where the record is. */
      context: Context;
      /** What is stored. */
      data: JsonObject;
      /** The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name. Without it, *the* object of its context. */
      name?: Name | null;
      /** The revision that the record must have, 0 for none; else 2001. */
      ifRevision?: Revision | null;
      /** When the record expires; without it, never. One in the past expires at once. */
      expiresAt?: Time | null;
      /** A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it. */
      lease?: Revision | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Written;
  };
  /** The object, byte for byte as it was stored, or `null` if there is none. */
  "getPersistentData": {
    params: {
      /** Where the record is. */
      context: Context;
      /** The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name. Without it, *the* object of its context. */
      name?: Name | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: JsonObject | null;
  };
  /** The object with its revision and its dates, or `null` if there is none. */
  "getPersistentRecord": {
    params: {
      /** Where the record is. */
      context: Context;
      /** The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name. Without it, *the* object of its context. */
      name?: Name | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: PersistentRecord | null;
  };
  /** Changes members of an object, atomically: a merge patch (RFC 7396), on `{}` where there is no record. Members that it does not touch keep their text; the expiry stays. */
  "patchPersistentData": {
    params: {
      /** Where the record is. */
      context: Context;
      /** What is changed. */
      patch: MergePatch;
      /** The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name. Without it, *the* object of its context. */
      name?: Name | null;
      /** The revision that the record must have, 0 for none; else 2001. */
      ifRevision?: Revision | null;
      /** A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it. */
      lease?: Revision | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Written;
  };
  /** Removes a record. Where there is none that is no error: `{"deleted": false, "revision": 0}`. */
  "deletePersistentData": {
    params: {
      /** Where the record is. */
      context: Context;
      /** The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`. */
      workspaceFolder?: WorkspaceFolder | null;
      /** The record's name. Without it, *the* object of its context. */
      name?: Name | null;
      /** The revision that the record must have, 0 for none; else 2001. */
      ifRevision?: Revision | null;
      /** A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it. */
      lease?: Revision | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Deleted;
  };
  /** What is stored in the key's namespace and scope, without the data: always in the same order, which says nothing of the records. A list that is longer than a message may be is 2002, and `data.limit` says how many bytes that are: ask for it in pages, with `limit`, and with the last entry of one page as `after` of the next. A page that has fewer entries than `limit` is the last one. Each page is as of its own moment; a record that is there all the time is in one of them. */
  "listPersistentData": {
    params: {
      /** Only records of this context. */
      context?: Context | null;
      /** Only records of this folder. */
      workspaceFolder?: WorkspaceFolder | null;
      /** At most so many entries; without it, all. */
      limit?: number | null;
      /** Only what comes after this record in the order, whether or not it is still there. */
      after?: ListedBefore | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: ListedRecord[];
  };
  /** Moves all records of one folder to another, or none. Each takes two revisions. `createdAt` and expiry stay. */
  "movePersistentData": {
    params: {
      /** The folder that they are in. */
      from: WorkspaceFolder;
      /** The folder that they go to. 2005 if it has one of them already. */
      to: WorkspaceFolder;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Moved;
  };
  /** Asks to be told, by `persistentData/didChange`, what other connections, in this process or any other, change in the namespace and the scope of the key. Asked again without `since`, a watch goes on from where it is. */
  "watchPersistentData": {
    params: {
      /** The revision up to which the client knows the records: the last `revision` that it was told. Without it, the last of the store. */
      since?: Revision | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Watch;
  };
  /** Ends a watch. `revision` is what `since` has to be to go on from there. */
  "unwatchPersistentData": {
    params: {
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Watch;
  };
  /**
   * Claims a name, exclusively, for `ttlMs` unless it is renewed. Where another holds it, the request waits for up to `waitMs`, then it is 3001; nobody is served in any order, and whoever holds it already waits like anybody else.
   *
   * It is free again, within a second, when it is released, when its time is over (on the clock that goes on while the machine sleeps), when the process that acquired it ends, however it ends, and when the key that acquired it is revoked. All keys of a namespace share the names. A key that may change no record (`readOnly`, or a scope that covers no record) gets no lease (1006). At most 64 requests of a connection wait for leases (5004), a namespace has at most 1,000, and a shared key holds at most 100 (2002).
   */
  "acquireLease": {
    params: {
      /** The lease's name, in the key's namespace. */
      name: Name;
      /** How long it is held without being renewed, in milliseconds. */
      ttlMs: number;
      /** How long the request waits where another holds it, in milliseconds; 0 by default. */
      waitMs?: number | null;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Leased;
  };
  /** Holds a lease for its whole length, from now on. Only the key that acquired it may, in any process, or the key that was put in its place by `rotateAPIKey`: 1006 for another. */
  "renewLease": {
    params: {
      /** The lease's name. */
      name: Name;
      /** The fencing token that `acquireLease` gave. 3002 if it is not that of the live lease. */
      lease: Revision;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Renewed;
  };
  /** Gives a lease up; a request that waits for it has it within a second. Only the key that acquired it may, in any process, or the key that was put in its place by `rotateAPIKey`: 1006 for another. */
  "releaseLease": {
    params: {
      /** The lease's name. */
      name: Name;
      /** The fencing token that `acquireLease` gave. 3002 if it is not that of the live lease. */
      lease: Revision;
      /** The key that is meant; may be left out while the connection has set exactly one. */
      handle?: Handle | null;
    };
    result: Released;
  };
  /** The state of the store, and what protects it. Never a name or a value. Asks nobody for anything, and makes no store. */
  "vault/status": {
    params: { [name: string]: never };
    result: Status;
  };
  /**
   * Gets the store's key where it is locked, with `passphrase`, or by asking a person with the program `PLUGIN_VAULT_ASKPASS`. It is the only method that may ask anybody; a request that needs data is 4001 `locked` at once. One process at a time asks: another waits, and is 4001 `deadline` if its time is over first. With `passphrase` nobody else is asked, and no person is waited for. `$/cancelRequest` takes the program's question away. One process derives one key at a time; its requests are carried out in the order of asking, and 256 of each kind may wait.
   *
   * On Linux a key that `keyring`, `passphrase` or `command` gave (never `key-file`) stays in the kernel's keyring of the login session until log-out: no other process of the session has to ask, `setAPIKey` and `vault/status` find it, and `protector` is still the one that gave it. Removing a protector drops it. Elsewhere, and where the kernel's keyring may not be used, each process asks once.
   */
  "vault/unlock": {
    params: {
      /** The passphrase, where the client has asked for it itself. */
      passphrase?: Passphrase | null;
      /** How long a person may take, in milliseconds; 60,000 by default. */
      timeoutMs?: number | null;
    };
    result: Unlocked;
  };
  /** This document: every method, notification, parameter, result and error, with descriptions, limits and examples. It is what `plugin-vault schema` prints, byte for byte. */
  "rpc.discover": {
    params: { [name: string]: never };
    result: OpenRPC;
  };
}

/** The notifications that a client sends: what goes with each. */
export interface ClientNotifications {
  /** The client has taken the answer to `initialize`. It asks for nothing. */
  "initialized": { [name: string]: unknown };
  /** Ends the process: with exit code 0 after `shutdown`, else 1. */
  "exit": { [name: string]: unknown };
  /** Takes a waiting request back: it is answered −32800, and nothing of it is carried out; or with its true outcome, if this came too late. */
  "$/cancelRequest": {
      /** The request's id. */
      id: string | number | null;
    } & { [name: string]: unknown };
  /** Ignored. */
  "$/setTrace": {
      value: string;
    } & { [name: string]: unknown };
  /** Folders were opened and closed, as in LSP 3.17: `event` has `added` and `removed`. */
  "workspace/didChangeWorkspaceFolders": {
      event: { [name: string]: unknown };
    } & { [name: string]: unknown };
}

/** The notifications that the server sends: what comes with each. */
export interface ServerNotifications {
  /** What other connections have changed in the namespace and the scope of a watching handle's key: each change once, in order, and none before the watch is answered. The next one is sent when the client has taken the one before: one who does not read falls behind, and no memory grows. A record that expires is not told of. */
  "persistentData/didChange": DidChange;
  /** Tells every connection, in every process that has the store open, when it was unlocked, mended after damage, or replaced by `plugin-vault restore`, and when a protector was added or removed. */
  "vault/didChangeStatus": Status;
}
