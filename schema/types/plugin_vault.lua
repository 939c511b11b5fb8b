---@meta
-- The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.
-- `UPDATE=1 cargo test --features schema --test schema` writes it.

---40 hexadecimal digits. They give access to the data: keep them secret.
---@alias plugin_vault.APIKey string

---The address of a record.
---@class plugin_vault.Address
---@field context plugin_vault.Context The record's context.
---@field name? plugin_vault.Name The record's name; without it, the unnamed record of its context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder The record's folder, for the context `workspace`. Optional while exactly one folder is open.

---The API key has expired, so it opens nothing; its data is kept. Extend it with `plugin-vault key extend`.
---@class plugin_vault.ApiKeyExpiredData
---@field kind "apiKeyExpired"
---@field retryable false

---The text is not an API key, because it is not 40 hexadecimal digits. Pass a key as it was issued.
---@class plugin_vault.ApiKeyInvalidData
---@field kind "apiKeyInvalid"
---@field retryable false

---It is not known which API key the request uses.
---@class plugin_vault.ApiKeyRequiredData
---@field kind "apiKeyRequired"
---@field retryable false
---@field reason "unselected"|"handle"|"refused" The cause.

---The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another.
---@class plugin_vault.ApiKeyRevokedData
---@field kind "apiKeyRevoked"
---@field retryable false

---Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first.
---@class plugin_vault.ApiKeyUnknownData
---@field kind "apiKeyUnknown"
---@field retryable false

---@class plugin_vault.Capabilities
---@field experimental plugin_vault.Experimental
---@field workspace plugin_vault.WorkspaceCapabilities

---`user` has one set of records, `workspace` has one for each workspace folder.
---@alias plugin_vault.Context "user"|"workspace"

---The request would exceed a limit.
---@class plugin_vault.DataTooLargeData
---@field kind "dataTooLarge"
---@field retryable false
---@field limit integer The limit: bytes, records, handles, leases or keys.
---@field reason "data"|"records"|"namespace"|"change"|"answer"|"batch"|"keys"|"pluginKeys"|"handles"|"leases" The cause.

---The result of a removal.
---@class plugin_vault.Deleted
---@field deleted boolean Whether there was a record.
---@field revision plugin_vault.Revision The revision of the removal; 0 if there was no record.

---A change notice.
---@class plugin_vault.DidChange1
---@field context plugin_vault.Context The record's context.
---@field deleted boolean Whether the record was deleted.
---@field handle plugin_vault.Handle The watch that this notice belongs to.
---@field revision plugin_vault.Revision The record's revision now.
---@field name? plugin_vault.Name The record's name; absent for the unnamed record of its context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder The record's folder; absent for the context `user`.

---A change notice.
---@class plugin_vault.DidChange2
---@field resync true Marks this kind of notice.
---@field handle plugin_vault.Handle The watch that this notice belongs to.
---@field revision plugin_vault.Revision The revision up to which changes were missed.

---A change notice.
---@class plugin_vault.DidChange3
---@field ended plugin_vault.WatchEnd Why the watch ends.
---@field handle plugin_vault.Handle The watch that this notice belongs to.
---@field revision plugin_vault.Revision The revision up to which the client has its notices.

---A change notice.
---@alias plugin_vault.DidChange plugin_vault.DidChange1|plugin_vault.DidChange2|plugin_vault.DidChange3

---`error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done.
---@alias plugin_vault.ErrorData plugin_vault.ParseErrorData|plugin_vault.InvalidRequestData|plugin_vault.MethodNotFoundData|plugin_vault.InvalidParamsData|plugin_vault.InternalErrorData|plugin_vault.RequestCancelledData|plugin_vault.ApiKeyRequiredData|plugin_vault.ApiKeyInvalidData|plugin_vault.ApiKeyUnknownData|plugin_vault.ApiKeyRevokedData|plugin_vault.ApiKeyExpiredData|plugin_vault.NotPermittedData|plugin_vault.RevisionConflictData|plugin_vault.DataTooLargeData|plugin_vault.WorkspaceFolderRequiredData|plugin_vault.WorkspaceFolderInvalidData|plugin_vault.TargetExistsData|plugin_vault.LeaseHeldData|plugin_vault.LeaseLostData|plugin_vault.KeyUnavailableData|plugin_vault.RecordDamagedData|plugin_vault.StoreDamagedData|plugin_vault.StoreFullData|plugin_vault.StoreBusyData|plugin_vault.FormatTooNewData|plugin_vault.OverloadedData|plugin_vault.StoreRefusedData|plugin_vault.StoreFailedData|plugin_vault.StoreUnreachableData

---What went wrong, for programs. `message` is for people: there is one for each kind and reason.
---@alias plugin_vault.ErrorKind "parseError"|"invalidRequest"|"methodNotFound"|"invalidParams"|"internalError"|"requestCancelled"|"apiKeyRequired"|"apiKeyInvalid"|"apiKeyUnknown"|"apiKeyRevoked"|"apiKeyExpired"|"notPermitted"|"revisionConflict"|"dataTooLarge"|"workspaceFolderRequired"|"workspaceFolderInvalid"|"targetExists"|"leaseHeld"|"leaseLost"|"keyUnavailable"|"recordDamaged"|"storeDamaged"|"storeFull"|"storeBusy"|"formatTooNew"|"overloaded"|"storeRefused"|"storeFailed"|"storeUnreachable"

---@class plugin_vault.Experimental
---@field pluginVault plugin_vault.VaultCapabilities

---@class plugin_vault.FolderCapabilities
---@field changeNotifications true
---@field supported true

---A later version of plugin-vault wrote the store, so this version can't read it. Update plugin-vault.
---@class plugin_vault.FormatTooNewData
---@field kind "formatTooNew"
---@field retryable false

---Where an inherited record was found.
---@class plugin_vault.FoundIn
---@field context plugin_vault.Context The record's context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder The record's folder; absent for the context `user`.

---Names a key on the connection where `setAPIKey` returned it.
---@alias plugin_vault.Handle string

---The capabilities and the version of the sidecar.
---@class plugin_vault.Initialized
---@field capabilities plugin_vault.Capabilities
---@field serverInfo plugin_vault.ServerInfo

---plugin-vault has a fault, so the request was not carried out. Please report it.
---@class plugin_vault.InternalErrorData
---@field kind "internalError"
---@field retryable false

---A parameter breaks a rule of the method, so nothing was done.
---@class plugin_vault.InvalidParamsData
---@field kind "invalidParams"
---@field retryable false
---@field parameter string|integer The name of the parameter. For a parameter that the method does not have: its position, from 0, in the array or among the members.
---@field reason "unknown"|"duplicate"|"missing"|"wrongType"|"outOfRange" What is wrong with the parameter.

---The message is not a request that can be carried out.
---@class plugin_vault.InvalidRequestData
---@field kind "invalidRequest"
---@field retryable false
---@field reason "message"|"batch"|"frame"|"phase" The cause.

---A key that this call issued, or that the store keeps.
---@class plugin_vault.IssuedKey
---@field apiKey plugin_vault.APIKey The key itself.
---@field created boolean Whether this call issued the key.
---@field keyId plugin_vault.KeyId The id of the key, for `revokeAPIKey`.
---@field owner boolean Whether it is the owner key of its namespace.
---@field expiresAt? plugin_vault.Time When the key expires; absent if it never does.
---@field installation? plugin_vault.Name The installation that the store keeps the key for.
---@field issuedAt? plugin_vault.Time When plugin-vault issued the key; absent for a key that it did not issue.
---@field label? plugin_vault.Name The name of the key in lists.
---@field plugin? plugin_vault.Name The plugin that the key was issued for.
---@field scope? plugin_vault.Scope What the key may do, if that is less than what its owner may do.

---A JSON object, kept byte for byte except for white space at its ends. Its length is at most `maxDataBytes` of `initialize`, 8 MiB by default.
---@alias plugin_vault.JsonObject table<string, any>

---The description of a key. It never contains the key itself.
---@class plugin_vault.Key
---@field keyId plugin_vault.KeyId The id of the key, for `revokeAPIKey`.
---@field owner boolean Whether it is the owner key of its namespace.
---@field expiresAt? plugin_vault.Time When the key expires; absent if it never does.
---@field installation? plugin_vault.Name The installation that the store keeps the key for.
---@field issuedAt? plugin_vault.Time When plugin-vault issued the key; absent for a key that it did not issue.
---@field label? plugin_vault.Name The name of the key in lists.
---@field plugin? plugin_vault.Name The plugin that the key was issued for.
---@field scope? plugin_vault.Scope What the key may do, if that is less than what its owner may do.

---Names a key and reveals nothing about it: 32 hexadecimal digits.
---@alias plugin_vault.KeyId string

---The answer of `setAPIKey`.
---@class plugin_vault.KeySet
---@field handle plugin_vault.Handle Names the key on this connection from now on.
---@field expiresAt? plugin_vault.Time When the key expires; absent if it never does.
---@field installation? plugin_vault.Name The installation that the store keeps the key for.
---@field issuedAt? plugin_vault.Time When plugin-vault issued the key; absent for a key that it did not issue.
---@field keyId? plugin_vault.KeyId The id of the key, for `revokeAPIKey`.
---@field known? boolean Whether anything was stored with the key, or the key was issued in this store.
---@field label? plugin_vault.Name The name of the key in lists.
---@field owner? boolean Whether it is the owner key of its namespace.
---@field plugin? plugin_vault.Name The plugin that the key was issued for.
---@field scope? plugin_vault.Scope What the key may do, if that is less than what its owner may do.

---The store key is not available; no data was lost.
---@class plugin_vault.KeyUnavailableData
---@field kind "keyUnavailable"
---@field protector plugin_vault.Protector The protector that did not give the store key.
---@field reason "locked"|"missing"|"wrong"|"denied"|"deadline"|"failed"|"programMissing"|"relativeProgram"|"invalidPassphrase"|"memory" The cause. `retryable` is true for `locked`, `deadline` and `memory`.
---@field retryable boolean

---Another client has the lease, so it was not acquired. Try again at `data.expiresAt`, or wait with `waitMs`.
---@class plugin_vault.LeaseHeldData
---@field kind "leaseHeld"
---@field retryable true
---@field expiresAt plugin_vault.Time When the lease expires if it is not renewed.

---No live lease has this token, because it expired or was released. Acquire the lease again, then read again.
---@class plugin_vault.LeaseLostData
---@field kind "leaseLost"
---@field retryable false

---A lease that was acquired.
---@class plugin_vault.Leased
---@field expiresAt plugin_vault.Time When the lease expires if it is not renewed.
---@field lease plugin_vault.Revision The fencing token: a number that only increases.

---Names a record, as an entry of a list does. The other members of an entry may be present too.
---@class plugin_vault.ListedBefore
---@field context plugin_vault.Context
---@field name? plugin_vault.Name
---@field workspaceFolder? plugin_vault.WorkspaceFolder

---A key in the answer of `listAPIKeys`.
---@class plugin_vault.ListedKey
---@field current boolean Whether it is the caller's own key.
---@field keyId plugin_vault.KeyId The id of the key, for `revokeAPIKey`.
---@field owner boolean Whether it is the owner key of its namespace.
---@field expiresAt? plugin_vault.Time When the key expires; absent if it never does.
---@field installation? plugin_vault.Name The installation that the store keeps the key for.
---@field issuedAt? plugin_vault.Time When plugin-vault issued the key; absent for a key that it did not issue.
---@field label? plugin_vault.Name The name of the key in lists.
---@field plugin? plugin_vault.Name The plugin that the key was issued for.
---@field scope? plugin_vault.Scope What the key may do, if that is less than what its owner may do.

---A record in the answer of `listPersistentData`.
---@class plugin_vault.ListedRecord
---@field bytes integer The length of the record's text, in bytes.
---@field context plugin_vault.Context The record's context.
---@field createdAt plugin_vault.Time When the record was first written.
---@field revision plugin_vault.Revision The revision of the last change.
---@field updatedAt plugin_vault.Time When the record was last written.
---@field expiresAt? plugin_vault.Time When the record expires; absent if it never does.
---@field name? plugin_vault.Name The record's name; absent for the unnamed record of its context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder The record's folder; absent for the context `user`.

---Whether the store is locked.
---@class plugin_vault.Locked
---@field locked boolean Whether the store is locked now.
---@field reason? plugin_vault.NotLockable Why the store can't be locked; absent if it is locked.

---A merge patch (RFC 7396): its members replace those of the record, and `null` removes one. It has at most 128 levels, and is no longer than an object that can be stored.
---@alias plugin_vault.MergePatch table<string, any>

---plugin-vault has no method with that name, so nothing was done. Call `rpc.discover` for the list of methods.
---@class plugin_vault.MethodNotFoundData
---@field kind "methodNotFound"
---@field retryable false

---The result of a move.
---@class plugin_vault.Moved
---@field moved integer How many records were moved.
---@field revision plugin_vault.Revision The last of their revisions; 0 if no record was moved.

---1 to 256 bytes of UTF-8, compared byte for byte.
---@alias plugin_vault.Name string

---A key and its description, for the caller that asked for it.
---@class plugin_vault.NewKey
---@field apiKey plugin_vault.APIKey The key itself.
---@field keyId plugin_vault.KeyId The id of the key, for `revokeAPIKey`.
---@field owner boolean Whether it is the owner key of its namespace.
---@field expiresAt? plugin_vault.Time When the key expires; absent if it never does.
---@field installation? plugin_vault.Name The installation that the store keeps the key for.
---@field issuedAt? plugin_vault.Time When plugin-vault issued the key; absent for a key that it did not issue.
---@field label? plugin_vault.Name The name of the key in lists.
---@field plugin? plugin_vault.Name The plugin that the key was issued for.
---@field scope? plugin_vault.Scope What the key may do, if that is less than what its owner may do.

---The scope of a new key. `null` means that a member is absent.
---@class plugin_vault.NewScope
---@field contexts? plugin_vault.Context[]|vim.NIL
---@field readOnly? boolean|vim.NIL
---@field workspaceFolders? plugin_vault.WorkspaceFolder[]|vim.NIL

---Why a store can't be locked.
---@alias plugin_vault.NotLockable "noStore"|"keyFile"

---The API key does not permit the request.
---@class plugin_vault.NotPermittedData
---@field kind "notPermitted"
---@field retryable false
---@field reason "scope"|"readOnly"|"owner"|"lease"|"relay" The cause.

---LSP's `WorkspaceFolder`s. Several spellings of one folder count as one. Each element is an open folder. If its `uri` is not an absolute URI, nothing can be stored in that folder.
---@alias plugin_vault.OpenFolders table<string, any>[]

---This OpenRPC document.
---@alias plugin_vault.OpenRPC table<string, any>

---Too much waits; the request was not carried out.
---@class plugin_vault.OverloadedData
---@field kind "overloaded"
---@field retryable true
---@field reason "answers"|"unlocks"|"leases" The cause.

---The message can't be read.
---@class plugin_vault.ParseErrorData
---@field kind "parseError"
---@field retryable false
---@field reason "json"|"frame" The cause.

---A passphrase of the store: up to 64 KiB of UTF-8 without control characters. plugin-vault removes a leading byte-order mark, replaces every other kind of space by U+0020, and converts the text to Normalization Form C, so that the passphrase opens the store however it was typed. The result must not be empty.
---@alias plugin_vault.Passphrase string

---A path on this machine.
---@alias plugin_vault.Path string

---A record with its revision and its dates.
---@class plugin_vault.PersistentRecord
---@field createdAt plugin_vault.Time When the record was first written.
---@field data plugin_vault.JsonObject The stored object, byte for byte.
---@field revision plugin_vault.Revision The revision of the last change.
---@field updatedAt plugin_vault.Time When the record was last written.
---@field expiresAt? plugin_vault.Time When the record expires; absent if it never does.
---@field foundIn? plugin_vault.FoundIn Where the record was found; present with `inherit`.
---@field restored? true Present if the record came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since. It may not be what was stored last. A token in it may be spent.

---The id of a process on this machine. A number that no operating system uses as one is ignored.
---@alias plugin_vault.ProcessId number

---A kind of protector: a way to get the store key.
---@alias plugin_vault.Protector "key-file"|"keyring"|"passphrase"|"command"

---What the protectors guard against.
---@class plugin_vault.Protects
---@field copiesOfTheDataFolder boolean An attacker who has a copy of the data folder and nothing else.
---@field otherUsers boolean Other users of the machine; `false` if others may read the key file.
---@field stolenDisk boolean An attacker who has the disk.

---A part of the store is damaged, and is kept as it is.
---@class plugin_vault.RecordDamagedData
---@field kind "recordDamaged"
---@field retryable false
---@field reason "record"|"key" The cause.

---The key that a relay has bound the connection to.
---@class plugin_vault.Relayed
---@field handle string The handle of that key. A call may leave it out.

---A lease that was released.
---@class plugin_vault.Released
---@field released true

---How a store that several machines share is connected to its server.
---@class plugin_vault.Remote
---@field state "current"|"offline"|"refused"|"wentBack" How this machine and the server are to each other.
---@field asOf? plugin_vault.Time When the server last confirmed what this machine holds, by the server's clock; absent if that is not known.

---A lease that was renewed.
---@class plugin_vault.Renewed
---@field expiresAt plugin_vault.Time When the lease expires if it is not renewed again.

---What a repair of a damaged store did.
---@class plugin_vault.Repaired
---@field at plugin_vault.Time When the repair took place.
---@field kept integer How many records were intact.
---@field lost? integer How many records were not intact; absent if this can't be known.
---@field quarantine? plugin_vault.Path The folder with the damaged file.
---@field restoredFrom? plugin_vault.Time When the backup was taken that the repair restored; absent if it restored none.

---The client cancelled the request, so it was not carried out. Send it again if it is still needed.
---@class plugin_vault.RequestCancelledData
---@field kind "requestCancelled"
---@field retryable true

---A revision, or a lease's fencing token: strictly increasing over the whole store. 0 stands for a record that does not exist.
---@alias plugin_vault.Revision integer

---The record does not have the revision `ifRevision`, so nothing was changed. Read it again, and repeat the change.
---@class plugin_vault.RevisionConflictData
---@field kind "revisionConflict"
---@field retryable false
---@field revision plugin_vault.Revision The record's revision; 0 if there is no record.

---A key that was revoked.
---@class plugin_vault.RevokedKey
---@field revoked true
---@field destroyed boolean Whether it was an owner key, so that its namespace was destroyed with all records and shared keys.

---An absolute path. Any other text counts as an open folder in which nothing can be stored.
---@alias plugin_vault.RootPath string

---An absolute URI. Any other text counts as an open folder in which nothing can be stored.
---@alias plugin_vault.RootUri string

---What a shared key may do, if that is less than what its owner may do.
---@class plugin_vault.Scope
---@field contexts? plugin_vault.Context[] The contexts that the key may use. If absent: all, or only `workspace` if `workspaceFolders` is present.
---@field machine? string The machine that has the folders, where several machines share the store; absent for the machine without a name.
---@field readOnly? boolean Whether the key may only read.
---@field workspaceFolders? plugin_vault.WorkspaceFolder[] The folders that the key may use; if absent, all.

---@class plugin_vault.ServerInfo
---@field name string
---@field version string The version of plugin-vault.

---The state of the store and of its protection.
---@class plugin_vault.Status
---@field bytes integer The size of the store on the disk, in bytes. 0 through a relay.
---@field dataDir plugin_vault.Path The folder where the store is, or would be.
---@field formatVersion integer The version of the disk format.
---@field keyAvailable boolean Whether methods that need data work now.
---@field locked boolean Whether the store was locked, with `vault/lock` or `plugin-vault lock`. Then only `vault/unlock` gets its key.
---@field protectors plugin_vault.Protector[] All protectors that can open the store.
---@field protects plugin_vault.Protects What all protectors together guard against, as they are set up now. A member is also `false` if this can't be known.
---@field records integer The number of records, of all plugins. 0 through a relay.
---@field protector? plugin_vault.Protector The protector that opened the store.
---@field relay? boolean Present and `true` through a relay: the store is then on the machine of the relay, and `dataDir` is a folder there.
---@field remote? plugin_vault.Remote The state of a store that several machines share; absent for a store of one machine.
---@field repaired? plugin_vault.Repaired What the last repair of a damaged store did; absent if there was none, and through a relay.
---@field storeId? plugin_vault.StoreId The id of the store; absent if there is no store yet.

---The store is busy; nothing was changed.
---@class plugin_vault.StoreBusyData
---@field kind "storeBusy"
---@field retryable true
---@field reason "lock"|"opening"|"closing"|"readers"|"addressSpace"|"replaced"|"overtaken"|"threads" The cause.
---@field process? integer For `lock`: the id of the process that holds the write lock. Absent if the process is not known.

---The store is damaged, and its files are kept as they are.
---@class plugin_vault.StoreDamagedData
---@field kind "storeDamaged"
---@field retryable false
---@field reason "data"|"protectors" The cause.

---The store could not be read or written.
---@class plugin_vault.StoreFailedData
---@field kind "storeFailed"
---@field retryable false
---@field reason "inputOutput"|"commit"|"unanswered" The cause.
---@field outcome? "unknown" Present for `commit` and `unanswered`: read before you write again.

---The store has no room left; nothing was changed.
---@class plugin_vault.StoreFullData
---@field kind "storeFull"
---@field retryable true
---@field reason "disk"|"limit"|"map"|"quarantine"|"revisions"|"server" The cause.

---The id of a store.
---@alias plugin_vault.StoreId string

---plugin-vault does not use the store in its present state.
---@class plugin_vault.StoreRefusedData
---@field kind "storeRefused"
---@field retryable false
---@field reason "permissions"|"owner"|"platform"|"networkFileSystem"|"readOnly"|"link"|"fileType"|"access"|"serverRefused"|"serverWentBack"|"offlineTooLong"|"notJoined"|"otherStore" The cause.

---The server of the shared store can't be reached; nothing was changed, and what is here can be read. Call again once the network is there.
---@class plugin_vault.StoreUnreachableData
---@field kind "storeUnreachable"
---@field retryable true

---The target folder has a record with the same name, so nothing was moved. Delete one of the two first.
---@class plugin_vault.TargetExistsData
---@field kind "targetExists"
---@field retryable false

---An RFC 3339 date and time, from 1970 on. A parameter may have any offset from UTC; results are in UTC with milliseconds.
---@alias plugin_vault.Time string

---Whether the store key is available.
---@class plugin_vault.Unlocked
---@field keyAvailable boolean Whether methods that need data work now; `false` if there is no store yet.

---@class plugin_vault.VaultCapabilities
---@field maxDataBytes integer The length of the longest object that can be stored, in bytes of JSON text.
---@field protocolVersion integer The version of this contract. A client that needs a later version reports that and does not go on.
---@field relay? plugin_vault.Relayed Present if the connection comes through `plugin-vault relay`, which has bound it to one key.

---The state of a watch.
---@class plugin_vault.Watch
---@field revision plugin_vault.Revision The revision up to which the client has its notices.
---@field watching boolean Whether the client gets change notices from now on.

---Why a watch ends.
---@alias plugin_vault.WatchEnd "apiKeyRevoked"|"apiKeyExpired"

---@class plugin_vault.WorkspaceCapabilities
---@field workspaceFolders plugin_vault.FolderCapabilities

---The absolute URI of a workspace folder, open or not. plugin-vault normalises it: scheme and host in lower case, canonical percent-encoding, a drive letter in lower case, no slash at the end, no `localhost`. An authority that RFC 3986 does not define is kept as it is. Symbolic links are not followed.
---@alias plugin_vault.WorkspaceFolder string

---The workspace folder is not an absolute URI, so nothing was done. Pass one such as `file:///home/me/project`.
---@class plugin_vault.WorkspaceFolderInvalidData
---@field kind "workspaceFolderInvalid"
---@field retryable false

---The request names no workspace folder, and not exactly one is open, so nothing was done. Pass `workspaceFolder`.
---@class plugin_vault.WorkspaceFolderRequiredData
---@field kind "workspaceFolderRequired"
---@field retryable false

---The result of a write.
---@class plugin_vault.Written
---@field revision plugin_vault.Revision The record's revision now.

---Begins an editor's session, as in LSP 3.17. The open folders come from `workspaceFolders`, or else from `rootUri`, or else from `rootPath`. Every folder that the client names counts as open, even one without an absolute URI. Beside such a folder no other folder is the only open one, so `context: "workspace"` without `workspaceFolder` fails with 2003. All other members that LSP clients send are ignored. A second `initialize` fails with −32600.
---
---A client that never sends `initialize` is a script. Every method works at once, and the open folders are those of `--workspace-folder`, or else the current directory.
---@class plugin_vault.initialize.params
---@field processId? plugin_vault.ProcessId|vim.NIL The client's process. The sidecar ends when this process has ended. Ignored through a relay.
---@field rootUri? plugin_vault.RootUri|vim.NIL The open folder, from clients that support only one.
---@field rootPath? plugin_vault.RootPath|vim.NIL The open folder as a path, from older clients.
---@field workspaceFolders? plugin_vault.OpenFolders|vim.NIL The open folders. `[]` means that no folder is open; `null` means the same as no member.

---Registers a key on this connection, and returns a handle for it. The same key gives the same handle again. A connection has at most 256 keys (2002).
---
---A call without `handle` uses the only key that the connection has set. This no longer works once the connection has set a second key. After a refused `setAPIKey` it does not work either, until the only key is set again.
---
---If the store key is not available, the result is `{handle}` alone; with `mustExist` the call fails with 4001.
---
---A well-formed key that was never issued is valid as well: its namespace begins with the first write.
---@class plugin_vault.setAPIKey.params
---@field apiKey plugin_vault.APIKey The API key.
---@field mustExist? boolean|vim.NIL Whether to refuse a key with which nothing was stored yet (1003); `false` by default.

---Issues the owner key of a new namespace. With `installation`, the store keeps the key: the same pair of `plugin` and `installation` always gives the same key, issued once however many processes ask. A key that has expired is returned too, with its `expiresAt`. If no key is found while the row of some key is damaged, the call fails with 4002, because the damaged row may be the one that is asked for.
---@class plugin_vault.issueAPIKey.params
---@field plugin plugin_vault.Name What the user installed, like `publisher.name`. It is a claim, not a proof.
---@field installation? plugin_vault.Name|vim.NIL Which installation of the plugin, like `vscode` or `nvim-work`. Without it, the caller keeps the key itself.
---@field label? plugin_vault.Name|vim.NIL The name of the key in lists.
---@field expiresAt? plugin_vault.Time|vim.NIL When the key expires; without it, never.

---Creates another key for the same namespace. Only its owner may do this (1006). The new key ends with the owner key, if not earlier.
---@class plugin_vault.shareAPIKey.params
---@field label? plugin_vault.Name|vim.NIL The name of the key in lists.
---@field expiresAt? plugin_vault.Time|vim.NIL When the key expires: no later than the owner key, and by default together with it.
---@field scope? plugin_vault.NewScope|vim.NIL What the key may do. Without it, everything that the owner may do, except sharing.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Lists all keys of the namespace for its owner. A shared key sees only itself. Expired keys are listed; revoked keys, and keys whose row is damaged, are not.
---@class plugin_vault.listAPIKeys.params
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Replaces the caller's key by a new one, in one commit. From then on every process refuses the old key (1004), and the handle means the new one. If the store keeps the old key, it keeps the new one in its place, and `issueAPIKey` returns the new one.
---@class plugin_vault.rotateAPIKey.params
---@field apiKey? plugin_vault.APIKey|vim.NIL The new key, for a caller that keeps its key itself and has saved the new one before the call. A lost answer then loses nothing, and the same call gives the same answer again. Without it, plugin-vault generates the key.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Revokes the caller's key, or with `keyId` a key that it shared. Revoking an owner key destroys its namespace, with all records and shared keys. Once the call is answered, every process refuses the revoked key (1004).
---@class plugin_vault.revokeAPIKey.params
---@field keyId? plugin_vault.KeyId|vim.NIL The id of the key to revoke, from `listAPIKeys`; without it, the caller's own key. The call fails with 1003 for a key that the namespace does not have, and with 1006 if a shared key names another key.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Stores an object, and replaces the one that the record had before. The same text with the same expiry changes nothing and keeps the revision.
---@class plugin_vault.setPersistentData.params
---@field context plugin_vault.Context The record's context.
---@field data plugin_vault.JsonObject The object to store.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name; without it, the unnamed record of its context.
---@field ifRevision? plugin_vault.Revision|vim.NIL The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001.
---@field expiresAt? plugin_vault.Time|vim.NIL When the record expires; without it, never. With a time in the past, the record expires at once.
---@field lease? plugin_vault.Revision|vim.NIL A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Returns the object byte for byte as it was stored, or `null` if there is no record.
---@class plugin_vault.getPersistentData.params
---@field context plugin_vault.Context The record's context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name; without it, the unnamed record of its context.
---@field inherit? boolean|vim.NIL Whether to read, where the folder has no such record, the one of the nearest folder above it (at most 64, by the segments of the URI's path), and otherwise the user's. A folder outside of the key's scope counts as empty. A damaged record on the way fails with 4002.
---@field fresh? boolean|vim.NIL Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20 seconds old, and older while the server can't be reached. A store of one machine is always current.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Returns the object with its revision and its dates, or `null` if there is no record.
---@class plugin_vault.getPersistentRecord.params
---@field context plugin_vault.Context The record's context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name; without it, the unnamed record of its context.
---@field inherit? boolean|vim.NIL Whether to read, where the folder has no such record, the one of the nearest folder above it (at most 64, by the segments of the URI's path), and otherwise the user's. A folder outside of the key's scope counts as empty. A damaged record on the way fails with 4002.
---@field fresh? boolean|vim.NIL Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20 seconds old, and older while the server can't be reached. A store of one machine is always current.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Changes members of an object atomically, by a merge patch (RFC 7396). If there is no record, the patch is applied to `{}`. Members that the patch does not touch keep their text. The record keeps its expiry.
---@class plugin_vault.patchPersistentData.params
---@field context plugin_vault.Context The record's context.
---@field patch plugin_vault.MergePatch The changes.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name; without it, the unnamed record of its context.
---@field ifRevision? plugin_vault.Revision|vim.NIL The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001.
---@field lease? plugin_vault.Revision|vim.NIL A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Removes a record. If there is no such record, the result is `{"deleted": false, "revision": 0}`, unless `ifRevision` demands one.
---@class plugin_vault.deletePersistentData.params
---@field context plugin_vault.Context The record's context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name; without it, the unnamed record of its context.
---@field ifRevision? plugin_vault.Revision|vim.NIL The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001.
---@field lease? plugin_vault.Revision|vim.NIL A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Lists the records in the key's namespace and scope, without their data. The order is always the same, and says nothing about the records.
---
---If the list is longer than a message may be, the call fails with 2002, and `data.limit` is that length in bytes. Ask for such a list in pages: pass `limit`, and pass the last entry of one page as `after` of the next. A page with fewer entries than `limit` is the last one. Each page shows the store at its own moment. A record that exists all the time is in one of the pages.
---@class plugin_vault.listPersistentData.params
---@field context? plugin_vault.Context|vim.NIL Only records of this context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL Only records of this folder.
---@field limit? integer|vim.NIL The most entries to return, from 1 to 1,000; without it, all.
---@field after? plugin_vault.ListedBefore|vim.NIL Only records that follow this one in the order. The record itself need not exist any more.
---@field fresh? boolean|vim.NIL Whether the result has to be what the server of a shared store has now. Without it the result may be up to 20 seconds old, and older while the server can't be reached. A store of one machine is always current.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Moves all records of one folder to another folder, or none of them. Each moved record takes two revisions. Records keep their `createdAt` and their expiry.
---@class plugin_vault.movePersistentData.params
---@field from plugin_vault.WorkspaceFolder The folder that the records are in.
---@field to plugin_vault.WorkspaceFolder The folder that the records move to. The call fails with 2005 if this folder already has one of them.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Starts a watch. The sidecar then sends `persistentData/didChange` for each change that other connections, in this process or any other, make in the namespace and the scope of the key. A second call without `since` leaves the watch where it is.
---@class plugin_vault.watchPersistentData.params
---@field since? plugin_vault.Revision|vim.NIL The revision up to which the client knows the records: the last `revision` that it received. Without it, the latest revision of the store.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Ends a watch. A later watch with this `revision` as `since` continues from there.
---@class plugin_vault.unwatchPersistentData.params
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Acquires an exclusive lease on a name. The lease lasts for `ttlMs`, and longer if it is renewed. If the name is already held, the request waits for up to `waitMs` and then fails with 3001. Waiting requests are served in no particular order. The current holder waits like any other caller.
---
---The name becomes free within a second of any of these events: the lease is released; its time is over, on a clock that also runs while the machine sleeps; the sidecar that acquired it ends, for any reason; the key that acquired it is revoked.
---
---All keys of a namespace share the names of leases. A key that may change no record (`readOnly`, or a scope that covers no record) gets no lease (1006). At most 64 requests of a connection may wait for leases (5004). A namespace has at most 1,000 leases, and a shared key holds at most 100 (2002).
---@class plugin_vault.acquireLease.params
---@field name plugin_vault.Name The name of the lease, in the key's namespace.
---@field ttlMs integer How long the lease lasts without being renewed, in milliseconds.
---@field waitMs? integer|vim.NIL How long the request waits while the lease is held, in milliseconds; 0 by default.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Renews a lease for its whole length, from now on. Only the key that acquired the lease may do this, in any process, or the key that replaced it by `rotateAPIKey`. Another key of the namespace gets 1006.
---@class plugin_vault.renewLease.params
---@field name plugin_vault.Name The name of the lease.
---@field lease plugin_vault.Revision The fencing token from `acquireLease`. The call fails with 3002 if it is not the token of the live lease.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Releases a lease. A request that waits for it gets it within a second. Only the key that acquired the lease may do this, in any process, or the key that replaced it by `rotateAPIKey`. Another key of the namespace gets 1006.
---@class plugin_vault.releaseLease.params
---@field name plugin_vault.Name The name of the lease.
---@field lease plugin_vault.Revision The fencing token from `acquireLease`. The call fails with 3002 if it is not the token of the live lease.
---@field handle? plugin_vault.Handle|vim.NIL The key to use. Optional while the connection has set exactly one.

---Gets the store key of a locked store: with `passphrase`, or by asking a person through the program that `PLUGIN_VAULT_ASKPASS` names. This is the only method that may prompt the user. Every other request that needs data fails with 4001 `locked` at once.
---
---If the store was locked with `vault/lock`, this removes the lock for every process: the protectors are asked anew, and the other processes of the login session find the key as described below.
---
---One process at a time asks. Another process waits, and fails with 4001 `deadline` if its own time is over first. With `passphrase`, the sidecar prompts for nothing and waits for no person. `$/cancelRequest` also ends the program's question. One process derives one key at a time. It carries out its requests in the order in which they came. At most 256 requests with `passphrase` and 256 without it may wait (5004).
---
---On Linux, a key that `keyring`, `passphrase` or `command` gave stays in the kernel's keyring of the login session until log-out. A key from `key-file` never does. With the key in that keyring, no other process of the session has to ask: `setAPIKey` and `vault/status` find it, and `protector` still names the protector that gave it. Removing a protector removes the key from that keyring. On other systems, and where the kernel's keyring may not be used, each process asks once.
---@class plugin_vault.vault.unlock.params
---@field passphrase? plugin_vault.Passphrase|vim.NIL The passphrase, if the client has asked for it itself.
---@field timeoutMs? integer|vim.NIL How long a person may take, in milliseconds; 60,000 by default.

---Cancels a waiting request. The request fails with −32800, and nothing of it is carried out. If the notification comes too late, the request is answered with its true outcome.
---@class plugin_vault.cancelRequest.params
---@field id string|number|vim.NIL The request's id.

---Ignored.
---@class plugin_vault.setTrace.params
---@field value string

---The client opened or closed folders, as in LSP 3.17: `event` has `added` and `removed`.
---@class plugin_vault.workspace.didChangeWorkspaceFolders.params
---@field event table<string, any>

---What goes with each request, and what comes back.
---@class plugin_vault.Methods
---@field ["initialize"] fun(params: plugin_vault.initialize.params): plugin_vault.Initialized
---@field ["shutdown"] fun(params: {}): vim.NIL
---@field ["setAPIKey"] fun(params: plugin_vault.setAPIKey.params): plugin_vault.KeySet
---@field ["issueAPIKey"] fun(params: plugin_vault.issueAPIKey.params): plugin_vault.IssuedKey
---@field ["shareAPIKey"] fun(params: plugin_vault.shareAPIKey.params): plugin_vault.NewKey
---@field ["listAPIKeys"] fun(params: plugin_vault.listAPIKeys.params): plugin_vault.ListedKey[]
---@field ["rotateAPIKey"] fun(params: plugin_vault.rotateAPIKey.params): plugin_vault.NewKey
---@field ["revokeAPIKey"] fun(params: plugin_vault.revokeAPIKey.params): plugin_vault.RevokedKey
---@field ["setPersistentData"] fun(params: plugin_vault.setPersistentData.params): plugin_vault.Written
---@field ["getPersistentData"] fun(params: plugin_vault.getPersistentData.params): plugin_vault.JsonObject|vim.NIL
---@field ["getPersistentRecord"] fun(params: plugin_vault.getPersistentRecord.params): plugin_vault.PersistentRecord|vim.NIL
---@field ["patchPersistentData"] fun(params: plugin_vault.patchPersistentData.params): plugin_vault.Written
---@field ["deletePersistentData"] fun(params: plugin_vault.deletePersistentData.params): plugin_vault.Deleted
---@field ["listPersistentData"] fun(params: plugin_vault.listPersistentData.params): plugin_vault.ListedRecord[]
---@field ["movePersistentData"] fun(params: plugin_vault.movePersistentData.params): plugin_vault.Moved
---@field ["watchPersistentData"] fun(params: plugin_vault.watchPersistentData.params): plugin_vault.Watch
---@field ["unwatchPersistentData"] fun(params: plugin_vault.unwatchPersistentData.params): plugin_vault.Watch
---@field ["acquireLease"] fun(params: plugin_vault.acquireLease.params): plugin_vault.Leased
---@field ["renewLease"] fun(params: plugin_vault.renewLease.params): plugin_vault.Renewed
---@field ["releaseLease"] fun(params: plugin_vault.releaseLease.params): plugin_vault.Released
---@field ["vault/status"] fun(params: {}): plugin_vault.Status
---@field ["vault/lock"] fun(params: {}): plugin_vault.Locked
---@field ["vault/unlock"] fun(params: plugin_vault.vault.unlock.params): plugin_vault.Unlocked
---@field ["rpc.discover"] fun(params: {}): plugin_vault.OpenRPC

local M = {}

---The number of each kind of error.
---@type table<plugin_vault.ErrorKind, integer>
M.error_codes = {
  -- The message is not a request that can be carried out.
  invalidRequest = -32600,
  -- plugin-vault has no method with that name, so nothing was done. Call `rpc.discover` for the list of methods.
  methodNotFound = -32601,
  -- A parameter breaks a rule of the method, so nothing was done.
  invalidParams = -32602,
  -- plugin-vault has a fault, so the request was not carried out. Please report it.
  internalError = -32603,
  -- The message can't be read.
  parseError = -32700,
  -- The client cancelled the request, so it was not carried out. Send it again if it is still needed.
  requestCancelled = -32800,
  -- It is not known which API key the request uses.
  apiKeyRequired = 1001,
  -- The text is not an API key, because it is not 40 hexadecimal digits. Pass a key as it was issued.
  apiKeyInvalid = 1002,
  -- Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first.
  apiKeyUnknown = 1003,
  -- The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another.
  apiKeyRevoked = 1004,
  -- The API key has expired, so it opens nothing; its data is kept. Extend it with `plugin-vault key extend`.
  apiKeyExpired = 1005,
  -- The API key does not permit the request.
  notPermitted = 1006,
  -- The record does not have the revision `ifRevision`, so nothing was changed. Read it again, and repeat the change.
  revisionConflict = 2001,
  -- The request would exceed a limit.
  dataTooLarge = 2002,
  -- The request names no workspace folder, and not exactly one is open, so nothing was done. Pass `workspaceFolder`.
  workspaceFolderRequired = 2003,
  -- The workspace folder is not an absolute URI, so nothing was done. Pass one such as `file:///home/me/project`.
  workspaceFolderInvalid = 2004,
  -- The target folder has a record with the same name, so nothing was moved. Delete one of the two first.
  targetExists = 2005,
  -- Another client has the lease, so it was not acquired. Try again at `data.expiresAt`, or wait with `waitMs`.
  leaseHeld = 3001,
  -- No live lease has this token, because it expired or was released. Acquire the lease again, then read again.
  leaseLost = 3002,
  -- The store key is not available; no data was lost.
  keyUnavailable = 4001,
  -- A part of the store is damaged, and is kept as it is.
  recordDamaged = 4002,
  -- The store is damaged, and its files are kept as they are.
  storeDamaged = 4003,
  -- The store has no room left; nothing was changed.
  storeFull = 5001,
  -- The store is busy; nothing was changed.
  storeBusy = 5002,
  -- A later version of plugin-vault wrote the store, so this version can't read it. Update plugin-vault.
  formatTooNew = 5003,
  -- Too much waits; the request was not carried out.
  overloaded = 5004,
  -- plugin-vault does not use the store in its present state.
  storeRefused = 5005,
  -- The store could not be read or written.
  storeFailed = 5006,
  -- The server of the shared store can't be reached; nothing was changed, and what is here can be read. Call again once the network is there.
  storeUnreachable = 5007,
}

---The kinds of which the same call may succeed later with nothing else done.
---@type table<plugin_vault.ErrorKind, true>
M.retryable = {
  requestCancelled = true,
  leaseHeld = true,
  storeFull = true,
  storeBusy = true,
  overloaded = true,
  storeUnreachable = true,
}

return M
