vim9script
# The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.
# `UPDATE=1 cargo test --features schema --test schema` writes it.
# APIKey: string
# 40 hexadecimal digits. They give access to the data: keep them secret.
#
# Address: {context, name?, workspaceFolder?}
# The address of a record.
#   context: Context  The record's context.
#   name?: Name  The record's name; without it, the unnamed record of its context.
#   workspaceFolder?: WorkspaceFolder  The record's folder, for the context `workspace`. Optional while exactly one folder is open.
#
# ApiKeyExpiredData: {kind, retryable}
# The API key has expired, so it opens nothing; its data is kept. Extend it with `plugin-vault key extend`.
#   kind: "apiKeyExpired"
#   retryable: false
#
# ApiKeyInvalidData: {kind, retryable}
# The text is not an API key, because it is not 40 hexadecimal digits. Pass a key as it was issued.
#   kind: "apiKeyInvalid"
#   retryable: false
#
# ApiKeyRequiredData: {kind, retryable, reason}
# It is not known which API key the request uses.
#   kind: "apiKeyRequired"
#   retryable: false
#   reason: "unselected" | "handle" | "refused"  The cause.
#
# ApiKeyRevokedData: {kind, retryable}
# The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another.
#   kind: "apiKeyRevoked"
#   retryable: false
#
# ApiKeyUnknownData: {kind, retryable}
# Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first.
#   kind: "apiKeyUnknown"
#   retryable: false
#
# Capabilities: {experimental, workspace}
#   experimental: Experimental
#   workspace: WorkspaceCapabilities
#
# Context: "user" | "workspace"
# `user` has one set of records, `workspace` has one for each workspace folder.
#
# DataTooLargeData: {kind, retryable, limit, reason}
# The request would exceed a limit.
#   kind: "dataTooLarge"
#   retryable: false
#   limit: number  The limit: bytes, records, handles, leases or keys.
#   reason: "data" | "records" | "namespace" | "change" | "answer" | "batch" | "keys" | "pluginKeys" | "handles" | "leases"  The cause.
#
# Deleted: {deleted, revision}
# The result of a removal.
#   deleted: bool  Whether there was a record.
#   revision: Revision  The revision of the removal; 0 if there was no record.
#
# DidChange: {context, deleted, handle, revision, name?, workspaceFolder?} | {resync, handle, revision} | {ended, handle, revision}
# A change notice.
#
# ErrorData: ParseErrorData | InvalidRequestData | MethodNotFoundData | InvalidParamsData | InternalErrorData | RequestCancelledData | ApiKeyRequiredData | ApiKeyInvalidData | ApiKeyUnknownData | ApiKeyRevokedData | ApiKeyExpiredData | NotPermittedData | RevisionConflictData | DataTooLargeData | WorkspaceFolderRequiredData | WorkspaceFolderInvalidData | TargetExistsData | LeaseHeldData | LeaseLostData | KeyUnavailableData | RecordDamagedData | StoreDamagedData | StoreFullData | StoreBusyData | FormatTooNewData | OverloadedData | StoreRefusedData | StoreFailedData | StoreUnreachableData
# `error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done.
#
# ErrorKind: "parseError" | "invalidRequest" | "methodNotFound" | "invalidParams" | "internalError" | "requestCancelled" | "apiKeyRequired" | "apiKeyInvalid" | "apiKeyUnknown" | "apiKeyRevoked" | "apiKeyExpired" | "notPermitted" | "revisionConflict" | "dataTooLarge" | "workspaceFolderRequired" | "workspaceFolderInvalid" | "targetExists" | "leaseHeld" | "leaseLost" | "keyUnavailable" | "recordDamaged" | "storeDamaged" | "storeFull" | "storeBusy" | "formatTooNew" | "overloaded" | "storeRefused" | "storeFailed" | "storeUnreachable"
# What went wrong, for programs. `message` is for people: there is one for each kind and reason.
#
# Experimental: {pluginVault}
#   pluginVault: VaultCapabilities
#
# FolderCapabilities: {changeNotifications, supported}
#   changeNotifications: true
#   supported: true
#
# FormatTooNewData: {kind, retryable}
# A later version of plugin-vault wrote the store, so this version can't read it. Update plugin-vault.
#   kind: "formatTooNew"
#   retryable: false
#
# FoundIn: {context, workspaceFolder?}
# Where an inherited record was found.
#   context: Context  The record's context.
#   workspaceFolder?: WorkspaceFolder  The record's folder; absent for the context `user`.
#
# Handle: string
# Names a key on the connection where `setAPIKey` returned it.
#
# Initialized: {capabilities, serverInfo}
# The capabilities and the version of the sidecar.
#   capabilities: Capabilities
#   serverInfo: ServerInfo
#
# InternalErrorData: {kind, retryable}
# plugin-vault has a fault, so the request was not carried out. Please report it.
#   kind: "internalError"
#   retryable: false
#
# InvalidParamsData: {kind, retryable, parameter, reason}
# A parameter breaks a rule of the method, so nothing was done.
#   kind: "invalidParams"
#   retryable: false
#   parameter: string | number  The name of the parameter. For a parameter that the method does not have: its position, from 0, in the array or among the members.
#   reason: "unknown" | "duplicate" | "missing" | "wrongType" | "outOfRange"  What is wrong with the parameter.
#
# InvalidRequestData: {kind, retryable, reason}
# The message is not a request that can be carried out.
#   kind: "invalidRequest"
#   retryable: false
#   reason: "message" | "batch" | "frame" | "phase"  The cause.
#
# IssuedKey: {apiKey, created, keyId, owner, expiresAt?, installation?, issuedAt?, label?, plugin?, scope?}
# A key that this call issued, or that the store keeps.
#   apiKey: APIKey  The key itself.
#   created: bool  Whether this call issued the key.
#   keyId: KeyId  The id of the key, for `revokeAPIKey`.
#   owner: bool  Whether it is the owner key of its namespace.
#   expiresAt?: Time  When the key expires; absent if it never does.
#   installation?: Name  The installation that the store keeps the key for.
#   issuedAt?: Time  When plugin-vault issued the key; absent for a key that it did not issue.
#   label?: Name  The name of the key in lists.
#   plugin?: Name  The plugin that the key was issued for.
#   scope?: Scope  What the key may do, if that is less than what its owner may do.
#
# JsonObject: dict<any>
# A JSON object, kept byte for byte except for white space at its ends. Its length is at most `maxDataBytes` of `initialize`, 8 MiB by default.
#
# Key: {keyId, owner, expiresAt?, installation?, issuedAt?, label?, plugin?, scope?}
# The description of a key. It never contains the key itself.
#   keyId: KeyId  The id of the key, for `revokeAPIKey`.
#   owner: bool  Whether it is the owner key of its namespace.
#   expiresAt?: Time  When the key expires; absent if it never does.
#   installation?: Name  The installation that the store keeps the key for.
#   issuedAt?: Time  When plugin-vault issued the key; absent for a key that it did not issue.
#   label?: Name  The name of the key in lists.
#   plugin?: Name  The plugin that the key was issued for.
#   scope?: Scope  What the key may do, if that is less than what its owner may do.
#
# KeyId: string
# Names a key and reveals nothing about it: 32 hexadecimal digits.
#
# KeySet: {handle, expiresAt?, installation?, issuedAt?, keyId?, known?, label?, owner?, plugin?, scope?}
# The answer of `setAPIKey`.
#   handle: Handle  Names the key on this connection from now on.
#   expiresAt?: Time  When the key expires; absent if it never does.
#   installation?: Name  The installation that the store keeps the key for.
#   issuedAt?: Time  When plugin-vault issued the key; absent for a key that it did not issue.
#   keyId?: KeyId  The id of the key, for `revokeAPIKey`.
#   known?: bool  Whether anything was stored with the key, or the key was issued in this store.
#   label?: Name  The name of the key in lists.
#   owner?: bool  Whether it is the owner key of its namespace.
#   plugin?: Name  The plugin that the key was issued for.
#   scope?: Scope  What the key may do, if that is less than what its owner may do.
#
# KeyUnavailableData: {kind, protector, reason, retryable}
# The store key is not available; no data was lost.
#   kind: "keyUnavailable"
#   protector: Protector  The protector that did not give the store key.
#   reason: "locked" | "missing" | "wrong" | "denied" | "deadline" | "failed" | "programMissing" | "relativeProgram" | "invalidPassphrase" | "memory"  The cause. `retryable` is true for `locked`, `deadline` and `memory`.
#   retryable: bool
#
# LeaseHeldData: {kind, retryable, expiresAt}
# Another client has the lease, so it was not acquired. Try again at `data.expiresAt`, or wait with `waitMs`.
#   kind: "leaseHeld"
#   retryable: true
#   expiresAt: Time  When the lease expires if it is not renewed.
#
# LeaseLostData: {kind, retryable}
# No live lease has this token, because it expired or was released. Acquire the lease again, then read again.
#   kind: "leaseLost"
#   retryable: false
#
# Leased: {expiresAt, lease}
# A lease that was acquired.
#   expiresAt: Time  When the lease expires if it is not renewed.
#   lease: Revision  The fencing token: a number that only increases.
#
# ListedBefore: {context, name?, workspaceFolder?}
# Names a record, as an entry of a list does. The other members of an entry may be present too.
#   context: Context
#   name?: Name
#   workspaceFolder?: WorkspaceFolder
#
# ListedKey: {current, keyId, owner, expiresAt?, installation?, issuedAt?, label?, plugin?, scope?}
# A key in the answer of `listAPIKeys`.
#   current: bool  Whether it is the caller's own key.
#   keyId: KeyId  The id of the key, for `revokeAPIKey`.
#   owner: bool  Whether it is the owner key of its namespace.
#   expiresAt?: Time  When the key expires; absent if it never does.
#   installation?: Name  The installation that the store keeps the key for.
#   issuedAt?: Time  When plugin-vault issued the key; absent for a key that it did not issue.
#   label?: Name  The name of the key in lists.
#   plugin?: Name  The plugin that the key was issued for.
#   scope?: Scope  What the key may do, if that is less than what its owner may do.
#
# ListedRecord: {bytes, context, createdAt, revision, updatedAt, expiresAt?, name?, workspaceFolder?}
# A record in the answer of `listPersistentData`.
#   bytes: number  The length of the record's text, in bytes.
#   context: Context  The record's context.
#   createdAt: Time  When the record was first written.
#   revision: Revision  The revision of the last change.
#   updatedAt: Time  When the record was last written.
#   expiresAt?: Time  When the record expires; absent if it never does.
#   name?: Name  The record's name; absent for the unnamed record of its context.
#   workspaceFolder?: WorkspaceFolder  The record's folder; absent for the context `user`.
#
# Locked: {locked, reason?}
# Whether the store is locked.
#   locked: bool  Whether the store is locked now.
#   reason?: NotLockable  Why the store can't be locked; absent if it is locked.
#
# MergePatch: dict<any>
# A merge patch (RFC 7396): its members replace those of the record, and `null` removes one. It has at most 128 levels, and is no longer than an object that can be stored.
#
# MethodNotFoundData: {kind, retryable}
# plugin-vault has no method with that name, so nothing was done. Call `rpc.discover` for the list of methods.
#   kind: "methodNotFound"
#   retryable: false
#
# Moved: {moved, revision}
# The result of a move.
#   moved: number  How many records were moved.
#   revision: Revision  The last of their revisions; 0 if no record was moved.
#
# Name: string
# 1 to 256 bytes of UTF-8, compared byte for byte.
#
# NewKey: {apiKey, keyId, owner, expiresAt?, installation?, issuedAt?, label?, plugin?, scope?}
# A key and its description, for the caller that asked for it.
#   apiKey: APIKey  The key itself.
#   keyId: KeyId  The id of the key, for `revokeAPIKey`.
#   owner: bool  Whether it is the owner key of its namespace.
#   expiresAt?: Time  When the key expires; absent if it never does.
#   installation?: Name  The installation that the store keeps the key for.
#   issuedAt?: Time  When plugin-vault issued the key; absent for a key that it did not issue.
#   label?: Name  The name of the key in lists.
#   plugin?: Name  The plugin that the key was issued for.
#   scope?: Scope  What the key may do, if that is less than what its owner may do.
#
# NewScope: {contexts?, readOnly?, workspaceFolders?}
# The scope of a new key. `null` means that a member is absent.
#   contexts?: list<Context> | null
#   readOnly?: bool | null
#   workspaceFolders?: list<WorkspaceFolder> | null
#
# NotLockable: "noStore" | "keyFile"
# Why a store can't be locked.
#
# NotPermittedData: {kind, retryable, reason}
# The API key does not permit the request.
#   kind: "notPermitted"
#   retryable: false
#   reason: "scope" | "readOnly" | "owner" | "lease" | "relay"  The cause.
#
# OpenFolders: list<{uri, name?}>
# LSP's `WorkspaceFolder`s. Several spellings of one folder count as one. Each element is an open folder. If its `uri` is not an absolute URI, nothing can be stored in that folder.
#
# OpenRPC: dict<any>
# This OpenRPC document.
#
# OverloadedData: {kind, retryable, reason}
# Too much waits; the request was not carried out.
#   kind: "overloaded"
#   retryable: true
#   reason: "answers" | "unlocks" | "leases"  The cause.
#
# ParseErrorData: {kind, retryable, reason}
# The message can't be read.
#   kind: "parseError"
#   retryable: false
#   reason: "json" | "frame"  The cause.
#
# Passphrase: string
# A passphrase of the store: up to 64 KiB of UTF-8 without control characters. plugin-vault removes a leading byte-order mark, replaces every other kind of space by U+0020, and converts the text to Normalization Form C, so that the passphrase opens the store however it was typed. The result must not be empty.
#
# Path: string
# A path on this machine.
#
# PersistentRecord: {createdAt, data, revision, updatedAt, expiresAt?, foundIn?, restored?}
# A record with its revision and its dates.
#   createdAt: Time  When the record was first written.
#   data: JsonObject  The stored object, byte for byte.
#   revision: Revision  The revision of the last change.
#   updatedAt: Time  When the record was last written.
#   expiresAt?: Time  When the record expires; absent if it never does.
#   foundIn?: FoundIn  Where the record was found; present with `inherit`.
#   restored?: true  Present if the record came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since. It may not be what was stored last. A token in it may be spent.
#
# ProcessId: float
# The id of a process on this machine. A number that no operating system uses as one is ignored.
#
# Protector: "key-file" | "keyring" | "passphrase" | "command"
# A kind of protector: a way to get the store key.
#
# Protects: {copiesOfTheDataFolder, otherUsers, stolenDisk}
# What the protectors guard against.
#   copiesOfTheDataFolder: bool  An attacker who has a copy of the data folder and nothing else.
#   otherUsers: bool  Other users of the machine; `false` if others may read the key file.
#   stolenDisk: bool  An attacker who has the disk.
#
# RecordDamagedData: {kind, retryable, reason}
# A part of the store is damaged, and is kept as it is.
#   kind: "recordDamaged"
#   retryable: false
#   reason: "record" | "key"  The cause.
#
# Relayed: {handle}
# The key that a relay has bound the connection to.
#   handle: string  The handle of that key. A call may leave it out.
#
# Released: {released}
# A lease that was released.
#   released: true
#
# Remote: {state, asOf?}
# How a store that several machines share is connected to its server.
#   state: "current" | "offline" | "refused" | "wentBack"  How this machine and the server are to each other.
#   asOf?: Time  When the server last confirmed what this machine holds, by the server's clock; absent if that is not known.
#
# Renewed: {expiresAt}
# A lease that was renewed.
#   expiresAt: Time  When the lease expires if it is not renewed again.
#
# Repaired: {at, kept, lost?, quarantine?, restoredFrom?}
# What a repair of a damaged store did.
#   at: Time  When the repair took place.
#   kept: number  How many records were intact.
#   lost?: number  How many records were not intact; absent if this can't be known.
#   quarantine?: Path  The folder with the damaged file.
#   restoredFrom?: Time  When the backup was taken that the repair restored; absent if it restored none.
#
# RequestCancelledData: {kind, retryable}
# The client cancelled the request, so it was not carried out. Send it again if it is still needed.
#   kind: "requestCancelled"
#   retryable: true
#
# Revision: number
# A revision, or a lease's fencing token: strictly increasing over the whole store. 0 stands for a record that does not exist.
#
# RevisionConflictData: {kind, retryable, revision}
# The record does not have the revision `ifRevision`, so nothing was changed. Read it again, and repeat the change.
#   kind: "revisionConflict"
#   retryable: false
#   revision: Revision  The record's revision; 0 if there is no record.
#
# RevokedKey: {revoked, destroyed}
# A key that was revoked.
#   revoked: true
#   destroyed: bool  Whether it was an owner key, so that its namespace was destroyed with all records and shared keys.
#
# RootPath: string
# An absolute path. Any other text counts as an open folder in which nothing can be stored.
#
# RootUri: string
# An absolute URI. Any other text counts as an open folder in which nothing can be stored.
#
# Scope: {contexts?, machine?, readOnly?, workspaceFolders?}
# What a shared key may do, if that is less than what its owner may do.
#   contexts?: list<Context>  The contexts that the key may use. If absent: all, or only `workspace` if `workspaceFolders` is present.
#   machine?: string  The machine that has the folders, where several machines share the store; absent for the machine without a name.
#   readOnly?: bool  Whether the key may only read.
#   workspaceFolders?: list<WorkspaceFolder>  The folders that the key may use; if absent, all.
#
# ServerInfo: {name, version}
#   name: string
#   version: string  The version of plugin-vault.
#
# Status: {bytes, dataDir, formatVersion, keyAvailable, locked, protectors, protects, records, protector?, relay?, remote?, repaired?, storeId?}
# The state of the store and of its protection.
#   bytes: number  The size of the store on the disk, in bytes. 0 through a relay.
#   dataDir: Path  The folder where the store is, or would be.
#   formatVersion: number  The version of the disk format.
#   keyAvailable: bool  Whether methods that need data work now.
#   locked: bool  Whether the store was locked, with `vault/lock` or `plugin-vault lock`. Then only `vault/unlock` gets its key.
#   protectors: list<Protector>  All protectors that can open the store.
#   protects: Protects  What all protectors together guard against, as they are set up now. A member is also `false` if this can't be known.
#   records: number  The number of records, of all plugins. 0 through a relay.
#   protector?: Protector  The protector that opened the store.
#   relay?: bool  Present and `true` through a relay: the store is then on the machine of the relay, and `dataDir` is a folder there.
#   remote?: Remote  The state of a store that several machines share; absent for a store of one machine.
#   repaired?: Repaired  What the last repair of a damaged store did; absent if there was none, and through a relay.
#   storeId?: StoreId  The id of the store; absent if there is no store yet.
#
# StoreBusyData: {kind, retryable, reason, process?}
# The store is busy; nothing was changed.
#   kind: "storeBusy"
#   retryable: true
#   reason: "lock" | "opening" | "closing" | "readers" | "addressSpace" | "replaced" | "overtaken" | "threads"  The cause.
#   process?: number  For `lock`: the id of the process that holds the write lock. Absent if the process is not known.
#
# StoreDamagedData: {kind, retryable, reason}
# The store is damaged, and its files are kept as they are.
#   kind: "storeDamaged"
#   retryable: false
#   reason: "data" | "protectors"  The cause.
#
# StoreFailedData: {kind, retryable, reason, outcome?}
# The store could not be read or written.
#   kind: "storeFailed"
#   retryable: false
#   reason: "inputOutput" | "commit" | "unanswered"  The cause.
#   outcome?: "unknown"  Present for `commit` and `unanswered`: read before you write again.
#
# StoreFullData: {kind, retryable, reason}
# The store has no room left; nothing was changed.
#   kind: "storeFull"
#   retryable: true
#   reason: "disk" | "limit" | "map" | "quarantine" | "revisions" | "server"  The cause.
#
# StoreId: string
# The id of a store.
#
# StoreRefusedData: {kind, retryable, reason}
# plugin-vault does not use the store in its present state.
#   kind: "storeRefused"
#   retryable: false
#   reason: "permissions" | "owner" | "platform" | "networkFileSystem" | "readOnly" | "link" | "fileType" | "access" | "serverRefused" | "serverWentBack" | "offlineTooLong" | "notJoined" | "otherStore"  The cause.
#
# StoreUnreachableData: {kind, retryable}
# The server of the shared store can't be reached; nothing was changed, and what is here can be read. Call again once the network is there.
#   kind: "storeUnreachable"
#   retryable: true
#
# TargetExistsData: {kind, retryable}
# The target folder has a record with the same name, so nothing was moved. Delete one of the two first.
#   kind: "targetExists"
#   retryable: false
#
# Time: string
# An RFC 3339 date and time, from 1970 on. A parameter may have any offset from UTC; results are in UTC with milliseconds.
#
# Unlocked: {keyAvailable}
# Whether the store key is available.
#   keyAvailable: bool  Whether methods that need data work now; `false` if there is no store yet.
#
# VaultCapabilities: {maxDataBytes, protocolVersion, relay?}
#   maxDataBytes: number  The length of the longest object that can be stored, in bytes of JSON text.
#   protocolVersion: number  The version of this contract. A client that needs a later version reports that and does not go on.
#   relay?: Relayed  Present if the connection comes through `plugin-vault relay`, which has bound it to one key.
#
# Watch: {revision, watching}
# The state of a watch.
#   revision: Revision  The revision up to which the client has its notices.
#   watching: bool  Whether the client gets change notices from now on.
#
# WatchEnd: "apiKeyRevoked" | "apiKeyExpired"
# Why a watch ends.
#
# WorkspaceCapabilities: {workspaceFolders}
#   workspaceFolders: FolderCapabilities
#
# WorkspaceFolder: string
# The absolute URI of a workspace folder, open or not. plugin-vault normalises it: scheme and host in lower case, canonical percent-encoding, a drive letter in lower case, no slash at the end, no `localhost`. An authority that RFC 3986 does not define is kept as it is. Symbolic links are not followed.
#
# WorkspaceFolderInvalidData: {kind, retryable}
# The workspace folder is not an absolute URI, so nothing was done. Pass one such as `file:///home/me/project`.
#   kind: "workspaceFolderInvalid"
#   retryable: false
#
# WorkspaceFolderRequiredData: {kind, retryable}
# The request names no workspace folder, and not exactly one is open, so nothing was done. Pass `workspaceFolder`.
#   kind: "workspaceFolderRequired"
#   retryable: false
#
# Written: {revision}
# The result of a write.
#   revision: Revision  The record's revision now.
#

# What goes with each request, and its type.
# initialize -> Initialized
#   processId?: ProcessId | null  The client's process. The sidecar ends when this process has ended. Ignored through a relay.
#   rootUri?: RootUri | null  The open folder, from clients that support only one.
#   rootPath?: RootPath | null  The open folder as a path, from older clients.
#   workspaceFolders?: OpenFolders | null  The open folders. `[]` means that no folder is open; `null` means the same as no member.
#
# shutdown -> null
#
# setAPIKey -> KeySet
#   apiKey: APIKey  The API key.
#   mustExist?: bool | null  Whether to refuse a key with which nothing was stored yet (1003); `false` by default.
#
# issueAPIKey -> IssuedKey
#   plugin: Name  What the user installed, like `publisher.name`. It is a claim, not a proof.
#   installation?: Name | null  Which installation of the plugin, like `vscode` or `nvim-work`. Without it, the caller keeps the key itself.
#   label?: Name | null  The name of the key in lists.
#   expiresAt?: Time | null  When the key expires; without it, never.
#
# shareAPIKey -> NewKey
#   label?: Name | null  The name of the key in lists.
#   expiresAt?: Time | null  When the key expires: no later than the owner key, and by default together with it.
#   scope?: NewScope | null  What the key may do. Without it, everything that the owner may do, except sharing.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# listAPIKeys -> list<ListedKey>
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# rotateAPIKey -> NewKey
#   apiKey?: APIKey | null  The new key, for a caller that keeps its key itself and has saved the new one before the call. A lost answer then loses nothing, and the same call gives the same answer again. Without it, plugin-vault generates the key.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# revokeAPIKey -> RevokedKey
#   keyId?: KeyId | null  The id of the key to revoke, from `listAPIKeys`; without it, the caller's own key. The call fails with 1003 for a key that the namespace does not have, and with 1006 if a shared key names another key.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# setPersistentData -> Written
#   context: Context  The record's context.
#   data: JsonObject  The object to store.
#   workspaceFolder?: WorkspaceFolder | null  The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
#   name?: Name | null  The record's name; without it, the unnamed record of its context.
#   ifRevision?: Revision | null  The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001.
#   expiresAt?: Time | null  When the record expires; without it, never. With a time in the past, the record expires at once.
#   lease?: Revision | null  A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# getPersistentData -> JsonObject | null
#   context: Context  The record's context.
#   workspaceFolder?: WorkspaceFolder | null  The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
#   name?: Name | null  The record's name; without it, the unnamed record of its context.
#   inherit?: bool | null  Whether to read, where the folder has no such record, the one of the nearest folder above it (at most 64, by the segments of the URI's path), and otherwise the user's. A folder outside of the key's scope counts as empty. A damaged record on the way fails with 4002.
#   fresh?: bool | null  Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20 seconds old, and older while the server can't be reached. A store of one machine is always current.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# getPersistentRecord -> PersistentRecord | null
#   context: Context  The record's context.
#   workspaceFolder?: WorkspaceFolder | null  The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
#   name?: Name | null  The record's name; without it, the unnamed record of its context.
#   inherit?: bool | null  Whether to read, where the folder has no such record, the one of the nearest folder above it (at most 64, by the segments of the URI's path), and otherwise the user's. A folder outside of the key's scope counts as empty. A damaged record on the way fails with 4002.
#   fresh?: bool | null  Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20 seconds old, and older while the server can't be reached. A store of one machine is always current.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# patchPersistentData -> Written
#   context: Context  The record's context.
#   patch: MergePatch  The changes.
#   workspaceFolder?: WorkspaceFolder | null  The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
#   name?: Name | null  The record's name; without it, the unnamed record of its context.
#   ifRevision?: Revision | null  The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001.
#   lease?: Revision | null  A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# deletePersistentData -> Deleted
#   context: Context  The record's context.
#   workspaceFolder?: WorkspaceFolder | null  The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
#   name?: Name | null  The record's name; without it, the unnamed record of its context.
#   ifRevision?: Revision | null  The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001.
#   lease?: Revision | null  A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# listPersistentData -> list<ListedRecord>
#   context?: Context | null  Only records of this context.
#   workspaceFolder?: WorkspaceFolder | null  Only records of this folder.
#   limit?: number | null  The most entries to return, from 1 to 1,000; without it, all.
#   after?: ListedBefore | null  Only records that follow this one in the order. The record itself need not exist any more.
#   fresh?: bool | null  Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20 seconds old, and older while the server can't be reached. A store of one machine is always current.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# movePersistentData -> Moved
#   from: WorkspaceFolder  The folder that the records are in.
#   to: WorkspaceFolder  The folder that the records move to. The call fails with 2005 if this folder already has one of them.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# watchPersistentData -> Watch
#   since?: Revision | null  The revision up to which the client knows the records: the last `revision` that it received. Without it, the latest revision of the store.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# unwatchPersistentData -> Watch
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# acquireLease -> Leased
#   name: Name  The name of the lease, in the key's namespace.
#   ttlMs: number  How long the lease lasts without being renewed, in milliseconds.
#   waitMs?: number | null  How long the request waits while the lease is held, in milliseconds; 0 by default.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# renewLease -> Renewed
#   name: Name  The name of the lease.
#   lease: Revision  The fencing token from `acquireLease`. The call fails with 3002 if it is not the token of the live lease.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# releaseLease -> Released
#   name: Name  The name of the lease.
#   lease: Revision  The fencing token from `acquireLease`. The call fails with 3002 if it is not the token of the live lease.
#   handle?: Handle | null  The key to use. Optional while the connection has set exactly one.
#
# vault/status -> Status
#
# vault/lock -> Locked
#
# vault/unlock -> Unlocked
#   passphrase?: Passphrase | null  The passphrase, if the client has asked for it itself.
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
  'getPersistentData': {required: ['context'], optional: ['workspaceFolder', 'name', 'inherit', 'fresh', 'handle']},
  'getPersistentRecord': {required: ['context'], optional: ['workspaceFolder', 'name', 'inherit', 'fresh', 'handle']},
  'patchPersistentData': {required: ['context', 'patch'], optional: ['workspaceFolder', 'name', 'ifRevision', 'lease', 'handle']},
  'deletePersistentData': {required: ['context'], optional: ['workspaceFolder', 'name', 'ifRevision', 'lease', 'handle']},
  'listPersistentData': {required: [], optional: ['context', 'workspaceFolder', 'limit', 'after', 'fresh', 'handle']},
  'movePersistentData': {required: ['from', 'to'], optional: ['handle']},
  'watchPersistentData': {required: [], optional: ['since', 'handle']},
  'unwatchPersistentData': {required: [], optional: ['handle']},
  'acquireLease': {required: ['name', 'ttlMs'], optional: ['waitMs', 'handle']},
  'renewLease': {required: ['name', 'lease'], optional: ['handle']},
  'releaseLease': {required: ['name', 'lease'], optional: ['handle']},
  'vault/status': {required: [], optional: []},
  'vault/lock': {required: [], optional: []},
  'vault/unlock': {required: [], optional: ['passphrase', 'timeoutMs']},
  'rpc.discover': {required: [], optional: []},
}

# The number of each kind of error.
export const ERROR_CODES: dict<number> = {
  # The message is not a request that can be carried out.
  invalidRequest: -32600,
  # plugin-vault has no method with that name, so nothing was done. Call `rpc.discover` for the list of methods.
  methodNotFound: -32601,
  # A parameter breaks a rule of the method, so nothing was done.
  invalidParams: -32602,
  # plugin-vault has a fault, so the request was not carried out. Please report it.
  internalError: -32603,
  # The message can't be read.
  parseError: -32700,
  # The client cancelled the request, so it was not carried out. Send it again if it is still needed.
  requestCancelled: -32800,
  # It is not known which API key the request uses.
  apiKeyRequired: 1001,
  # The text is not an API key, because it is not 40 hexadecimal digits. Pass a key as it was issued.
  apiKeyInvalid: 1002,
  # Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first.
  apiKeyUnknown: 1003,
  # The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another.
  apiKeyRevoked: 1004,
  # The API key has expired, so it opens nothing; its data is kept. Extend it with `plugin-vault key extend`.
  apiKeyExpired: 1005,
  # The API key does not permit the request.
  notPermitted: 1006,
  # The record does not have the revision `ifRevision`, so nothing was changed. Read it again, and repeat the change.
  revisionConflict: 2001,
  # The request would exceed a limit.
  dataTooLarge: 2002,
  # The request names no workspace folder, and not exactly one is open, so nothing was done. Pass `workspaceFolder`.
  workspaceFolderRequired: 2003,
  # The workspace folder is not an absolute URI, so nothing was done. Pass one such as `file:///home/me/project`.
  workspaceFolderInvalid: 2004,
  # The target folder has a record with the same name, so nothing was moved. Delete one of the two first.
  targetExists: 2005,
  # Another client has the lease, so it was not acquired. Try again at `data.expiresAt`, or wait with `waitMs`.
  leaseHeld: 3001,
  # No live lease has this token, because it expired or was released. Acquire the lease again, then read again.
  leaseLost: 3002,
  # The store key is not available; no data was lost.
  keyUnavailable: 4001,
  # A part of the store is damaged, and is kept as it is.
  recordDamaged: 4002,
  # The store is damaged, and its files are kept as they are.
  storeDamaged: 4003,
  # The store has no room left; nothing was changed.
  storeFull: 5001,
  # The store is busy; nothing was changed.
  storeBusy: 5002,
  # A later version of plugin-vault wrote the store, so this version can't read it. Update plugin-vault.
  formatTooNew: 5003,
  # Too much waits; the request was not carried out.
  overloaded: 5004,
  # plugin-vault does not use the store in its present state.
  storeRefused: 5005,
  # The store could not be read or written.
  storeFailed: 5006,
  # The server of the shared store can't be reached; nothing was changed, and what is here can be read. Call again once the network is there.
  storeUnreachable: 5007,
}

# The kinds of which the same call may succeed later with nothing else done.
export const RETRYABLE: list<string> = ['requestCancelled', 'leaseHeld', 'storeFull', 'storeBusy', 'overloaded', 'storeUnreachable']
