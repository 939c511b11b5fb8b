vim9script
# The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.
# `UPDATE=1 cargo test --features schema --test schema` writes it.
# APIKey: string
# 40 hexadecimal digits. Whoever has them has the data: keep them as a secret.
#
# Address: {context, name?, workspaceFolder?}
# Where a record is.
#   context: Context  One of the two.
#   name?: Name  Its name. Without it, *the* object of its context.
#   workspaceFolder?: WorkspaceFolder  Its folder, for the context `workspace`. May be left out when exactly one is open.
#
# ApiKeyExpiredData: {kind, retryable}
# The API key has expired; its data is kept.
#   kind: "apiKeyExpired"
#   retryable: false
#
# ApiKeyInvalidData: {kind, retryable}
# An API key is 40 hexadecimal digits.
#   kind: "apiKeyInvalid"
#   retryable: false
#
# ApiKeyRequiredData: {kind, retryable}
# No API key is meant: call setAPIKey, and pass its handle.
#   kind: "apiKeyRequired"
#   retryable: false
#
# ApiKeyRevokedData: {kind, retryable}
# The API key was revoked or replaced.
#   kind: "apiKeyRevoked"
#   retryable: false
#
# ApiKeyUnknownData: {kind, retryable}
# Nothing has been stored with this API key.
#   kind: "apiKeyUnknown"
#   retryable: false
#
# BusyReason: "threads"
# What the store is busy with, if not with another process.
#
# Capabilities: {experimental, workspace}
#   experimental: Experimental
#   workspace: WorkspaceCapabilities
#
# Context: "user" | "workspace"
# One set of records for the user, or one for each workspace folder.
#
# DataTooLargeData: {kind, retryable, limit}
# Over a limit; data.limit is the limit.
#   kind: "dataTooLarge"
#   retryable: false
#   limit: number  The limit: bytes, records, handles, leases or keys.
#
# Deleted: {deleted, revision}
# A record that was removed.
#   deleted: bool  Whether there was one.
#   revision: Revision  The revision of the removal; 0 where there was none.
#
# DidChange: {context, deleted, handle, revision, name?, workspaceFolder?} | {resync, handle, revision} | {ended, handle, revision}
# What a watching client is told.
#
# ErrorData: ParseErrorData | InvalidRequestData | MethodNotFoundData | InvalidParamsData | InternalErrorData | RequestCancelledData | ApiKeyRequiredData | ApiKeyInvalidData | ApiKeyUnknownData | ApiKeyRevokedData | ApiKeyExpiredData | NotPermittedData | RevisionConflictData | DataTooLargeData | WorkspaceFolderRequiredData | WorkspaceFolderInvalidData | TargetExistsData | LeaseHeldData | LeaseLostData | KeyUnavailableData | RecordDamagedData | StoreDamagedData | StoreFullData | StoreBusyData | FormatTooNewData | OverloadedData | StoreRefusedData | StoreFailedData
# `error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done.
#
# ErrorKind: "parseError" | "invalidRequest" | "methodNotFound" | "invalidParams" | "internalError" | "requestCancelled" | "apiKeyRequired" | "apiKeyInvalid" | "apiKeyUnknown" | "apiKeyRevoked" | "apiKeyExpired" | "notPermitted" | "revisionConflict" | "dataTooLarge" | "workspaceFolderRequired" | "workspaceFolderInvalid" | "targetExists" | "leaseHeld" | "leaseLost" | "keyUnavailable" | "recordDamaged" | "storeDamaged" | "storeFull" | "storeBusy" | "formatTooNew" | "overloaded" | "storeRefused" | "storeFailed"
# What went wrong, for programs. `message` is for people, and one sentence for each.
#
# Experimental: {pluginVault}
#   pluginVault: VaultCapabilities
#
# FolderCapabilities: {changeNotifications, supported}
#   changeNotifications: true
#   supported: true
#
# FormatTooNewData: {kind, retryable}
# The store was written by a later version: update plugin-vault.
#   kind: "formatTooNew"
#   retryable: false
#
# Handle: string
# Names a key on the connection on which `setAPIKey` gave it.
#
# Initialized: {capabilities, serverInfo}
# What the server is, and can do.
#   capabilities: Capabilities
#   serverInfo: ServerInfo
#
# InternalErrorData: {kind, retryable}
# The vault has a fault; please report it.
#   kind: "internalError"
#   retryable: false
#
# InvalidParamsData: {kind, retryable, parameter, reason}
# A parameter is wrong; data says which and why.
#   kind: "invalidParams"
#   retryable: false
#   parameter: string | number  One of our names; or a position from 0, also among the members, for a name that the method does not have.
#   reason: ParameterReason  What is wrong with it.
#
# InvalidRequestData: {kind, retryable}
# The message is not a JSON-RPC 2.0 request, or has no place here.
#   kind: "invalidRequest"
#   retryable: false
#
# IssuedKey: {apiKey, created, keyId, owner, expiresAt?, installation?, issuedAt?, label?, plugin?, scope?}
# A key that was issued, or is kept.
#   apiKey: APIKey  The key itself.
#   created: bool  Whether it was made now.
#   keyId: KeyId  Names the key in `revokeAPIKey`.
#   owner: bool  Whether it is the owner of its namespace.
#   expiresAt?: Time  When it ends, if it does.
#   installation?: Name  For which installation the vault keeps it.
#   issuedAt?: Time  When the vault issued it; absent for a key that it did not issue.
#   label?: Name  What its owner calls it.
#   plugin?: Name  For which plugin it was issued.
#   scope?: Scope  What it may do, where that is less than what its owner may.
#
# JsonObject: dict<any>
# A JSON object, kept byte for byte less white space at its ends. Up to `maxDataBytes` of `initialize`, 8 MiB by default.
#
# Key: {keyId, owner, expiresAt?, installation?, issuedAt?, label?, plugin?, scope?}
# What is told of a key; never the key itself.
#   keyId: KeyId  Names the key in `revokeAPIKey`.
#   owner: bool  Whether it is the owner of its namespace.
#   expiresAt?: Time  When it ends, if it does.
#   installation?: Name  For which installation the vault keeps it.
#   issuedAt?: Time  When the vault issued it; absent for a key that it did not issue.
#   label?: Name  What its owner calls it.
#   plugin?: Name  For which plugin it was issued.
#   scope?: Scope  What it may do, where that is less than what its owner may.
#
# KeyId: string
# Names a key, and tells nothing of it: 32 hexadecimal digits.
#
# KeyReason: "locked" | "missing" | "wrong" | "denied" | "deadline" | "failed" | "programMissing" | "relativeProgram" | "invalidPassphrase" | "memory"
# Why a protector does not give the store's key.
#
# KeySet: {handle, expiresAt?, installation?, issuedAt?, keyId?, known?, label?, owner?, plugin?, scope?}
# What `setAPIKey` knows of a key.
#   handle: Handle  Names the key on this connection from now on.
#   expiresAt?: Time  When it ends, if it does.
#   installation?: Name  For which installation the vault keeps it.
#   issuedAt?: Time  When the vault issued it; absent for a key that it did not issue.
#   keyId?: KeyId  Names the key in `revokeAPIKey`.
#   known?: bool  Whether anything was stored with it, or it was issued here.
#   label?: Name  What its owner calls it.
#   owner?: bool  Whether it is the owner of its namespace.
#   plugin?: Name  For which plugin it was issued.
#   scope?: Scope  What it may do, where that is less than what its owner may.
#
# KeyUnavailableData: {kind, protector, reason, retryable}
# The store's key is not at hand; nothing is lost.
#   kind: "keyUnavailable"
#   protector: Protector  The protector that stands in the way.
#   reason: KeyReason  Why. `retryable` is true for `locked`, `deadline` and `memory`.
#   retryable: bool
#
# LeaseHeldData: {kind, retryable, expiresAt}
# Another holds the lease; data.expiresAt says until when.
#   kind: "leaseHeld"
#   retryable: true
#   expiresAt: Time  Until when it is held if it is not renewed.
#
# LeaseLostData: {kind, retryable}
# The lease is not held any more: acquire it again.
#   kind: "leaseLost"
#   retryable: false
#
# Leased: {expiresAt, lease}
# A lease that was acquired.
#   expiresAt: Time  Until when it is held if it is not renewed.
#   lease: Revision  The fencing token: a number that only grows.
#
# ListedBefore: {context, name?, workspaceFolder?}
# Names a record, as an entry of a list does; what else the entry has may be there too.
#   context: Context
#   name?: Name
#   workspaceFolder?: WorkspaceFolder
#
# ListedKey: {current, keyId, owner, expiresAt?, installation?, issuedAt?, label?, plugin?, scope?}
# A key of `listAPIKeys`.
#   current: bool  Whether it is the caller's own.
#   keyId: KeyId  Names the key in `revokeAPIKey`.
#   owner: bool  Whether it is the owner of its namespace.
#   expiresAt?: Time  When it ends, if it does.
#   installation?: Name  For which installation the vault keeps it.
#   issuedAt?: Time  When the vault issued it; absent for a key that it did not issue.
#   label?: Name  What its owner calls it.
#   plugin?: Name  For which plugin it was issued.
#   scope?: Scope  What it may do, where that is less than what its owner may.
#
# ListedRecord: {bytes, context, createdAt, revision, updatedAt, expiresAt?, name?, workspaceFolder?}
# A record of `listPersistentData`.
#   bytes: number  How long its text is, in bytes.
#   context: Context  Where it is.
#   createdAt: Time  When it was first written.
#   revision: Revision  Of the write that last changed it.
#   updatedAt: Time  When it was last written.
#   expiresAt?: Time  When it expires, if it does.
#   name?: Name  Its name; absent for *the* object of its context.
#   workspaceFolder?: WorkspaceFolder  Its folder; absent for the context `user`.
#
# MergePatch: dict<any>
# A merge patch (RFC 7396): members take the place of those that are there, and `null` removes one. At most 128 levels, and no longer than an object that is stored may be.
#
# MethodNotFoundData: {kind, retryable}
# There is no such method.
#   kind: "methodNotFound"
#   retryable: false
#
# Moved: {moved, revision}
# Records that were moved.
#   moved: number  How many.
#   revision: Revision  The last of their revisions; 0 where there were none.
#
# Name: string
# 1 to 256 bytes of UTF-8, compared byte for byte.
#
# NewKey: {apiKey, keyId, owner, expiresAt?, installation?, issuedAt?, label?, plugin?, scope?}
# A key, for whoever asked for it.
#   apiKey: APIKey  The key itself.
#   keyId: KeyId  Names the key in `revokeAPIKey`.
#   owner: bool  Whether it is the owner of its namespace.
#   expiresAt?: Time  When it ends, if it does.
#   installation?: Name  For which installation the vault keeps it.
#   issuedAt?: Time  When the vault issued it; absent for a key that it did not issue.
#   label?: Name  What its owner calls it.
#   plugin?: Name  For which plugin it was issued.
#   scope?: Scope  What it may do, where that is less than what its owner may.
#
# NewScope: {contexts?, readOnly?, workspaceFolders?}
# The scope of a key that is to be made. `null` means that a member is absent.
#   contexts?: list<Context> | null
#   readOnly?: bool | null
#   workspaceFolders?: list<WorkspaceFolder> | null
#
# NotPermittedData: {kind, retryable}
# The API key does not permit this.
#   kind: "notPermitted"
#   retryable: false
#
# OpenFolders: list<{uri, name?}>
# LSP's `WorkspaceFolder`s; one folder may stand there in several spellings. Each element is an open folder: where its `uri` is no absolute URI, one in which nothing can be stored.
#
# OpenRPC: dict<any>
# An OpenRPC document: this one.
#
# OverloadedData: {kind, retryable}
# Too much waits at once; take answers before asking for more.
#   kind: "overloaded"
#   retryable: true
#
# ParameterReason: "unknown" | "duplicate" | "missing" | "wrongType" | "outOfRange"
# What is wrong with a parameter.
#
# ParseErrorData: {kind, retryable}
# The message is not JSON in UTF-8, or its frame is malformed.
#   kind: "parseError"
#   retryable: false
#
# Passphrase: string
# A passphrase of the store: up to 64 KiB of UTF-8 without control characters. A leading byte-order mark is dropped, every other space becomes U+0020, and the text is brought into Normalization Form C, so that it opens the store however it was typed. What is left must not be empty.
#
# Path: string
# A path of this machine.
#
# PersistentRecord: {createdAt, data, revision, updatedAt, expiresAt?, restored?}
# A record with its revision and its dates.
#   createdAt: Time  When it was first written.
#   data: JsonObject  What is stored, byte for byte.
#   revision: Revision  Of the write that last changed it.
#   updatedAt: Time  When it was last written.
#   expiresAt?: Time  When it expires, if it does.
#   restored?: true  It came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since: it may not be what was stored last. A token in it may be spent.
#
# ProcessId: float
# A process of this machine; a number that no system gives is ignored.
#
# Protector: "key-file" | "keyring" | "passphrase" | "command"
# A way to the store's key.
#
# Protects: {copiesOfTheDataFolder, otherUsers, stolenDisk}
# What the protectors guard against.
#   copiesOfTheDataFolder: bool  Whoever has a copy of the data folder alone.
#   otherUsers: bool  Other users of the machine; not where others may read the key file.
#   stolenDisk: bool  Whoever has the disk.
#
# RecordDamagedData: {kind, retryable}
# The stored value is damaged; it is kept as it is.
#   kind: "recordDamaged"
#   retryable: false
#
# RefusalReason: "permissions" | "owner" | "platform" | "networkFileSystem" | "readOnly" | "link" | "fileType" | "access"
# What stands in the way of a store.
#
# Released: {released}
# A lease that was given up.
#   released: true
#
# Renewed: {expiresAt}
# A lease that was renewed.
#   expiresAt: Time  Until when it is held if it is not renewed again.
#
# Repaired: {at, kept, lost?, quarantine?, restoredFrom?}
# What a repair of a damaged store did.
#   at: Time  When.
#   kept: number  How many records were whole.
#   lost?: number  How many were not; absent if it can't be known.
#   quarantine?: Path  The folder in which the damaged file lies.
#   restoredFrom?: Time  When the backup was taken that was put back, if one was.
#
# RequestCancelledData: {kind, retryable}
# The request was cancelled and not carried out.
#   kind: "requestCancelled"
#   retryable: true
#
# Revision: number
# A revision, or a lease's fencing token: strictly increasing over the whole store. 0 means "not there".
#
# RevisionConflictData: {kind, retryable, revision}
# The record has another revision: read it again.
#   kind: "revisionConflict"
#   retryable: false
#   revision: Revision  The record's revision, 0 for none.
#
# RevokedKey: {revoked, destroyed}
# A key that has ended.
#   revoked: true
#   destroyed: bool  Whether it was an owner's, and its namespace was destroyed with all records and shared keys.
#
# RootPath: string
# An absolute path. For anything else a folder is open in which nothing can be stored.
#
# RootUri: string
# An absolute URI. For anything else a folder is open in which nothing can be stored.
#
# Scope: {contexts?, readOnly?, workspaceFolders?}
# What a shared key may do, where that is less than what its owner may.
#   contexts?: list<Context>  The contexts that it may use. If absent: all, or `workspace` alone where `workspaceFolders` is there.
#   readOnly?: bool  Whether it may only read.
#   workspaceFolders?: list<WorkspaceFolder>  The folders that it may use; all, if absent.
#
# ServerInfo: {name, version}
#   name: string
#   version: string  The version of the program.
#
# Status: {bytes, dataDir, formatVersion, keyAvailable, protectors, protects, records, protector?, repaired?, storeId?}
# The state of the store, and what protects it.
#   bytes: number  How long the store is, in bytes on the disk.
#   dataDir: Path  Where the store lies, or would lie.
#   formatVersion: number  The version of what lies on the disk.
#   keyAvailable: bool  Whether what needs data works now.
#   protectors: list<Protector>  All that could open it.
#   protects: Protects  What all protectors together guard against, as things lie now; `false` also where it can't be known.
#   records: number  How many records there are, of all plugins.
#   protector?: Protector  The protector that opened the store.
#   repaired?: Repaired  What the last repair of a damaged store did; absent if there was none.
#   storeId?: StoreId  Absent where there is no store yet.
#
# StoreBusyData: {kind, retryable, reason?}
# The store is busy; nothing was changed.
#   kind: "storeBusy"
#   retryable: true
#   reason?: BusyReason  There where it is no other process: `threads` if the system gives this process no more threads.
#
# StoreDamagedData: {kind, retryable}
# The store is damaged, and nothing could replace it; its files are kept as they are.
#   kind: "storeDamaged"
#   retryable: false
#
# StoreFailedData: {kind, retryable, outcome?}
# The store could not be read or written.
#   kind: "storeFailed"
#   retryable: false
#   outcome?: "unknown"  There if a commit was under way: read before you write again.
#
# StoreFullData: {kind, retryable}
# The disk or the store is full; nothing was changed.
#   kind: "storeFull"
#   retryable: true
#
# StoreId: string
# Names a store.
#
# StoreRefusedData: {kind, retryable, reason}
# The store can't be used as it lies there; the log says what to do.
#   kind: "storeRefused"
#   retryable: false
#   reason: RefusalReason  What stands in the way.
#
# TargetExistsData: {kind, retryable}
# The target has such a record already; nothing was moved.
#   kind: "targetExists"
#   retryable: false
#
# Time: string
# An RFC 3339 date and time from 1970 on. Taken with any offset from UTC, given in UTC with milliseconds.
#
# Unlocked: {keyAvailable}
# Whether the store's key is at hand.
#   keyAvailable: bool  Whether what needs data works now. `false` where there is no store yet.
#
# VaultCapabilities: {maxDataBytes, protocolVersion}
#   maxDataBytes: number  The longest object that can be stored, in bytes of JSON text.
#   protocolVersion: number  The version of this contract. A client that needs a later one says so, and goes on with nothing.
#
# Watch: {revision, watching}
# A watch.
#   revision: Revision  The revision up to which it has been told.
#   watching: bool  Whether the client is told of changes from now on.
#
# WatchEnd: "apiKeyRevoked" | "apiKeyExpired"
# Why a watch ends.
#
# WorkspaceCapabilities: {workspaceFolders}
#   workspaceFolders: FolderCapabilities
#
# WorkspaceFolder: string
# The absolute URI of a workspace folder, open or not. Normalised: scheme and host in lower case, percent-encoding made canonical, a drive letter in lower case, no slash at the end, `localhost` dropped; an authority that RFC 3986 does not know is kept as it is. Symbolic links are not followed.
#
# WorkspaceFolderInvalidData: {kind, retryable}
# A workspace folder is an absolute URI.
#   kind: "workspaceFolderInvalid"
#   retryable: false
#
# WorkspaceFolderRequiredData: {kind, retryable}
# Pass workspaceFolder: not exactly one folder is open.
#   kind: "workspaceFolderRequired"
#   retryable: false
#
# Written: {revision}
# A write.
#   revision: Revision  The record's revision now.
#

# What goes with each request, and its type.
# initialize -> Initialized
#   processId?: ProcessId | null  The process with which the server ends.
#   rootUri?: RootUri | null  The open folder, from clients that know no more than one.
#   rootPath?: RootPath | null  The same as a path, from older clients.
#   workspaceFolders?: OpenFolders | null  The open folders. `[]` says that none is open; `null` says nothing.
#
# shutdown -> null
#
# setAPIKey -> KeySet
#   apiKey: APIKey  The key.
#   mustExist?: bool | null  Whether a key with which nothing was stored yet is refused (1003); `false` by default.
#
# issueAPIKey -> IssuedKey
#   plugin: Name  What the user installed, like `publisher.name`: a claim, not a proof.
#   installation?: Name | null  Which installation of it, like `vscode` or `nvim-work`. Without it, the caller keeps the key itself.
#   label?: Name | null  What the key is called in lists.
#   expiresAt?: Time | null  When the key ends; without it, never.
#
# shareAPIKey -> NewKey
#   label?: Name | null  What the key is called in lists.
#   expiresAt?: Time | null  When the key ends: no later than the owner's, and with the owner's by default.
#   scope?: NewScope | null  What the key may do. Without it, all that the owner may, except sharing.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# listAPIKeys -> list<ListedKey>
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# rotateAPIKey -> NewKey
#   apiKey?: APIKey | null  The new key, for whoever keeps it itself and has saved it before: then a lost answer loses nothing, and the same call again gives the same answer. Without it, the vault makes one.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# revokeAPIKey -> RevokedKey
#   keyId?: KeyId | null  Which key, from `listAPIKeys`; without it, the caller's own. 1003 for one that the namespace does not have, 1006 where a shared key names another.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# setPersistentData -> Written
#   context: Context  Where the record is.
#   data: JsonObject  What is stored.
#   workspaceFolder?: WorkspaceFolder | null  The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
#   name?: Name | null  The record's name. Without it, *the* object of its context.
#   ifRevision?: Revision | null  The revision that the record must have, 0 for none; else 2001.
#   expiresAt?: Time | null  When the record expires; without it, never. One in the past expires at once.
#   lease?: Revision | null  A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# getPersistentData -> JsonObject | null
#   context: Context  Where the record is.
#   workspaceFolder?: WorkspaceFolder | null  The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
#   name?: Name | null  The record's name. Without it, *the* object of its context.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# getPersistentRecord -> PersistentRecord | null
#   context: Context  Where the record is.
#   workspaceFolder?: WorkspaceFolder | null  The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
#   name?: Name | null  The record's name. Without it, *the* object of its context.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# patchPersistentData -> Written
#   context: Context  Where the record is.
#   patch: MergePatch  What is changed.
#   workspaceFolder?: WorkspaceFolder | null  The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
#   name?: Name | null  The record's name. Without it, *the* object of its context.
#   ifRevision?: Revision | null  The revision that the record must have, 0 for none; else 2001.
#   lease?: Revision | null  A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# deletePersistentData -> Deleted
#   context: Context  Where the record is.
#   workspaceFolder?: WorkspaceFolder | null  The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
#   name?: Name | null  The record's name. Without it, *the* object of its context.
#   ifRevision?: Revision | null  The revision that the record must have, 0 for none; else 2001.
#   lease?: Revision | null  A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# listPersistentData -> list<ListedRecord>
#   context?: Context | null  Only records of this context.
#   workspaceFolder?: WorkspaceFolder | null  Only records of this folder.
#   limit?: number | null  At most so many entries; without it, all.
#   after?: ListedBefore | null  Only what comes after this record in the order, whether or not it is still there.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# movePersistentData -> Moved
#   from: WorkspaceFolder  The folder that they are in.
#   to: WorkspaceFolder  The folder that they go to. 2005 if it has one of them already.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# watchPersistentData -> Watch
#   since?: Revision | null  The revision up to which the client knows the records: the last `revision` that it was told. Without it, the last of the store.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# unwatchPersistentData -> Watch
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# acquireLease -> Leased
#   name: Name  The lease's name, in the key's namespace.
#   ttlMs: number  How long it is held without being renewed, in milliseconds.
#   waitMs?: number | null  How long the request waits where another holds it, in milliseconds; 0 by default.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# renewLease -> Renewed
#   name: Name  The lease's name.
#   lease: Revision  The fencing token that `acquireLease` gave. 3002 if it is not that of the live lease.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# releaseLease -> Released
#   name: Name  The lease's name.
#   lease: Revision  The fencing token that `acquireLease` gave. 3002 if it is not that of the live lease.
#   handle?: Handle | null  The key that is meant; may be left out while the connection has set exactly one.
#
# vault/status -> Status
#
# vault/unlock -> Unlocked
#   passphrase?: Passphrase | null  The passphrase, where the client has asked for it itself.
#   timeoutMs?: number | null  How long a person may take, in milliseconds; 60,000 by default.
#
# rpc.discover -> OpenRPC
#
# initialized
#
# exit
#
# $/cancelRequest
#   id: string | float | null  The request's id.
#
# $/setTrace
#   value: string
#
# workspace/didChangeWorkspaceFolders
#   event: dict<any>
#
# persistentData/didChange
#
# vault/didChangeStatus
#

# The requests: the names of the parameters that have to be there, and of those that may be.
export const METHODS: dict<dict<list<string>>> = {
  'initialize': {required: [], optional: ['processId', 'rootUri', 'rootPath', 'workspaceFolders']},
  'shutdown': {required: [], optional: []},
  'setAPIKey': {required: ['apiKey'], optional: ['mustExist']},
  'issueAPIKey': {required: ['plugin'], optional: ['installation', 'label', 'expiresAt']},
  'shareAPIKey': {required: [], optional: ['label', 'expiresAt', 'scope', 'handle']},
  'listAPIKeys': {required: [], optional: ['handle']},
  'rotateAPIKey': {required: [], optional: ['apiKey', 'handle']},
  'revokeAPIKey': {required: [], optional: ['keyId', 'handle']},
  'setPersistentData': {required: ['context', 'data'], optional: ['workspaceFolder', 'name', 'ifRevision', 'expiresAt', 'lease', 'handle']},
  'getPersistentData': {required: ['context'], optional: ['workspaceFolder', 'name', 'handle']},
  'getPersistentRecord': {required: ['context'], optional: ['workspaceFolder', 'name', 'handle']},
  'patchPersistentData': {required: ['context', 'patch'], optional: ['workspaceFolder', 'name', 'ifRevision', 'lease', 'handle']},
  'deletePersistentData': {required: ['context'], optional: ['workspaceFolder', 'name', 'ifRevision', 'lease', 'handle']},
  'listPersistentData': {required: [], optional: ['context', 'workspaceFolder', 'limit', 'after', 'handle']},
  'movePersistentData': {required: ['from', 'to'], optional: ['handle']},
  'watchPersistentData': {required: [], optional: ['since', 'handle']},
  'unwatchPersistentData': {required: [], optional: ['handle']},
  'acquireLease': {required: ['name', 'ttlMs'], optional: ['waitMs', 'handle']},
  'renewLease': {required: ['name', 'lease'], optional: ['handle']},
  'releaseLease': {required: ['name', 'lease'], optional: ['handle']},
  'vault/status': {required: [], optional: []},
  'vault/unlock': {required: [], optional: ['passphrase', 'timeoutMs']},
  'rpc.discover': {required: [], optional: []},
}

# The number of each kind of error.
export const ERROR_CODES: dict<number> = {
  # The message is not a JSON-RPC 2.0 request, or has no place here.
  invalidRequest: -32600,
  # There is no such method.
  methodNotFound: -32601,
  # A parameter is wrong; data says which and why.
  invalidParams: -32602,
  # The vault has a fault; please report it.
  internalError: -32603,
  # The message is not JSON in UTF-8, or its frame is malformed.
  parseError: -32700,
  # The request was cancelled and not carried out.
  requestCancelled: -32800,
  # No API key is meant: call setAPIKey, and pass its handle.
  apiKeyRequired: 1001,
  # An API key is 40 hexadecimal digits.
  apiKeyInvalid: 1002,
  # Nothing has been stored with this API key.
  apiKeyUnknown: 1003,
  # The API key was revoked or replaced.
  apiKeyRevoked: 1004,
  # The API key has expired; its data is kept.
  apiKeyExpired: 1005,
  # The API key does not permit this.
  notPermitted: 1006,
  # The record has another revision: read it again.
  revisionConflict: 2001,
  # Over a limit; data.limit is the limit.
  dataTooLarge: 2002,
  # Pass workspaceFolder: not exactly one folder is open.
  workspaceFolderRequired: 2003,
  # A workspace folder is an absolute URI.
  workspaceFolderInvalid: 2004,
  # The target has such a record already; nothing was moved.
  targetExists: 2005,
  # Another holds the lease; data.expiresAt says until when.
  leaseHeld: 3001,
  # The lease is not held any more: acquire it again.
  leaseLost: 3002,
  # The store's key is not at hand; nothing is lost.
  keyUnavailable: 4001,
  # The stored value is damaged; it is kept as it is.
  recordDamaged: 4002,
  # The store is damaged, and nothing could replace it; its files are kept as they are.
  storeDamaged: 4003,
  # The disk or the store is full; nothing was changed.
  storeFull: 5001,
  # The store is busy; nothing was changed.
  storeBusy: 5002,
  # The store was written by a later version: update plugin-vault.
  formatTooNew: 5003,
  # Too much waits at once; take answers before asking for more.
  overloaded: 5004,
  # The store can't be used as it lies there; the log says what to do.
  storeRefused: 5005,
  # The store could not be read or written.
  storeFailed: 5006,
}

# The kinds of which the same call may succeed later with nothing else done.
export const RETRYABLE: list<string> = ['requestCancelled', 'leaseHeld', 'storeFull', 'storeBusy', 'overloaded']
