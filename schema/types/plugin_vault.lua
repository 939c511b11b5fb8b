---@meta
-- The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.
-- `UPDATE=1 cargo test --features schema --test schema` writes it.

---40 hexadecimal digits. Whoever has them has the data: keep them as a secret.
---@alias plugin_vault.APIKey string

---Where a record is.
---@class plugin_vault.Address
---@field context plugin_vault.Context One of the two.
---@field name? plugin_vault.Name Its name. Without it, *the* object of its context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder Its folder, for the context `workspace`. May be left out when exactly one is open.

---The API key has expired; its data is kept.
---@class plugin_vault.ApiKeyExpiredData
---@field kind "apiKeyExpired"
---@field retryable false

---An API key is 40 hexadecimal digits.
---@class plugin_vault.ApiKeyInvalidData
---@field kind "apiKeyInvalid"
---@field retryable false

---No API key is meant: call setAPIKey, and pass its handle.
---@class plugin_vault.ApiKeyRequiredData
---@field kind "apiKeyRequired"
---@field retryable false

---The API key was revoked or replaced.
---@class plugin_vault.ApiKeyRevokedData
---@field kind "apiKeyRevoked"
---@field retryable false

---Nothing has been stored with this API key.
---@class plugin_vault.ApiKeyUnknownData
---@field kind "apiKeyUnknown"
---@field retryable false

---What the store is busy with, if not with another process.
---@alias plugin_vault.BusyReason "threads"

---@class plugin_vault.Capabilities
---@field experimental plugin_vault.Experimental
---@field workspace plugin_vault.WorkspaceCapabilities

---One set of records for the user, or one for each workspace folder.
---@alias plugin_vault.Context "user"|"workspace"

---Over a limit; data.limit is the limit.
---@class plugin_vault.DataTooLargeData
---@field kind "dataTooLarge"
---@field retryable false
---@field limit integer The limit: bytes, records, handles, leases or keys.

---A record that was removed.
---@class plugin_vault.Deleted
---@field deleted boolean Whether there was one.
---@field revision plugin_vault.Revision The revision of the removal; 0 where there was none.

---What a watching client is told.
---@class plugin_vault.DidChange1
---@field context plugin_vault.Context Where the record is.
---@field deleted boolean Whether it was deleted.
---@field handle plugin_vault.Handle The watch that this is for.
---@field revision plugin_vault.Revision The record's revision now.
---@field name? plugin_vault.Name Its name; absent for *the* object of its context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder Its folder; absent for the context `user`.

---What a watching client is told.
---@class plugin_vault.DidChange2
---@field resync true Tells this from other notices.
---@field handle plugin_vault.Handle The watch that this is for.
---@field revision plugin_vault.Revision The revision up to which they were missed.

---What a watching client is told.
---@class plugin_vault.DidChange3
---@field ended plugin_vault.WatchEnd Why.
---@field handle plugin_vault.Handle The watch that this is for.
---@field revision plugin_vault.Revision The revision up to which the client has been told.

---What a watching client is told.
---@alias plugin_vault.DidChange plugin_vault.DidChange1|plugin_vault.DidChange2|plugin_vault.DidChange3

---`error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done.
---@alias plugin_vault.ErrorData plugin_vault.ParseErrorData|plugin_vault.InvalidRequestData|plugin_vault.MethodNotFoundData|plugin_vault.InvalidParamsData|plugin_vault.InternalErrorData|plugin_vault.RequestCancelledData|plugin_vault.ApiKeyRequiredData|plugin_vault.ApiKeyInvalidData|plugin_vault.ApiKeyUnknownData|plugin_vault.ApiKeyRevokedData|plugin_vault.ApiKeyExpiredData|plugin_vault.NotPermittedData|plugin_vault.RevisionConflictData|plugin_vault.DataTooLargeData|plugin_vault.WorkspaceFolderRequiredData|plugin_vault.WorkspaceFolderInvalidData|plugin_vault.TargetExistsData|plugin_vault.LeaseHeldData|plugin_vault.LeaseLostData|plugin_vault.KeyUnavailableData|plugin_vault.RecordDamagedData|plugin_vault.StoreDamagedData|plugin_vault.StoreFullData|plugin_vault.StoreBusyData|plugin_vault.FormatTooNewData|plugin_vault.OverloadedData|plugin_vault.StoreRefusedData|plugin_vault.StoreFailedData

---What went wrong, for programs. `message` is for people, and one sentence for each.
---@alias plugin_vault.ErrorKind "parseError"|"invalidRequest"|"methodNotFound"|"invalidParams"|"internalError"|"requestCancelled"|"apiKeyRequired"|"apiKeyInvalid"|"apiKeyUnknown"|"apiKeyRevoked"|"apiKeyExpired"|"notPermitted"|"revisionConflict"|"dataTooLarge"|"workspaceFolderRequired"|"workspaceFolderInvalid"|"targetExists"|"leaseHeld"|"leaseLost"|"keyUnavailable"|"recordDamaged"|"storeDamaged"|"storeFull"|"storeBusy"|"formatTooNew"|"overloaded"|"storeRefused"|"storeFailed"

---@class plugin_vault.Experimental
---@field pluginVault plugin_vault.VaultCapabilities

---@class plugin_vault.FolderCapabilities
---@field changeNotifications true
---@field supported true

---The store was written by a later version: update plugin-vault.
---@class plugin_vault.FormatTooNewData
---@field kind "formatTooNew"
---@field retryable false

---Names a key on the connection on which `setAPIKey` gave it.
---@alias plugin_vault.Handle string

---What the server is, and can do.
---@class plugin_vault.Initialized
---@field capabilities plugin_vault.Capabilities
---@field serverInfo plugin_vault.ServerInfo

---The vault has a fault; please report it.
---@class plugin_vault.InternalErrorData
---@field kind "internalError"
---@field retryable false

---A parameter is wrong; data says which and why.
---@class plugin_vault.InvalidParamsData
---@field kind "invalidParams"
---@field retryable false
---@field parameter string|integer One of our names; or a position from 0, also among the members, for a name that the method does not have.
---@field reason plugin_vault.ParameterReason What is wrong with it.

---The message is not a JSON-RPC 2.0 request, or has no place here.
---@class plugin_vault.InvalidRequestData
---@field kind "invalidRequest"
---@field retryable false

---A key that was issued, or is kept.
---@class plugin_vault.IssuedKey
---@field apiKey plugin_vault.APIKey The key itself.
---@field created boolean Whether it was made now.
---@field keyId plugin_vault.KeyId Names the key in `revokeAPIKey`.
---@field owner boolean Whether it is the owner of its namespace.
---@field expiresAt? plugin_vault.Time When it ends, if it does.
---@field installation? plugin_vault.Name For which installation the vault keeps it.
---@field issuedAt? plugin_vault.Time When the vault issued it; absent for a key that it did not issue.
---@field label? plugin_vault.Name What its owner calls it.
---@field plugin? plugin_vault.Name For which plugin it was issued.
---@field scope? plugin_vault.Scope What it may do, where that is less than what its owner may.

---A JSON object, kept byte for byte less white space at its ends. Up to `maxDataBytes` of `initialize`, 8 MiB by default.
---@alias plugin_vault.JsonObject table<string, any>

---What is told of a key; never the key itself.
---@class plugin_vault.Key
---@field keyId plugin_vault.KeyId Names the key in `revokeAPIKey`.
---@field owner boolean Whether it is the owner of its namespace.
---@field expiresAt? plugin_vault.Time When it ends, if it does.
---@field installation? plugin_vault.Name For which installation the vault keeps it.
---@field issuedAt? plugin_vault.Time When the vault issued it; absent for a key that it did not issue.
---@field label? plugin_vault.Name What its owner calls it.
---@field plugin? plugin_vault.Name For which plugin it was issued.
---@field scope? plugin_vault.Scope What it may do, where that is less than what its owner may.

---Names a key, and tells nothing of it: 32 hexadecimal digits.
---@alias plugin_vault.KeyId string

---Why a protector does not give the store's key.
---@alias plugin_vault.KeyReason "locked"|"missing"|"wrong"|"denied"|"deadline"|"failed"|"programMissing"|"relativeProgram"|"invalidPassphrase"|"memory"

---What `setAPIKey` knows of a key.
---@class plugin_vault.KeySet
---@field handle plugin_vault.Handle Names the key on this connection from now on.
---@field expiresAt? plugin_vault.Time When it ends, if it does.
---@field installation? plugin_vault.Name For which installation the vault keeps it.
---@field issuedAt? plugin_vault.Time When the vault issued it; absent for a key that it did not issue.
---@field keyId? plugin_vault.KeyId Names the key in `revokeAPIKey`.
---@field known? boolean Whether anything was stored with it, or it was issued here.
---@field label? plugin_vault.Name What its owner calls it.
---@field owner? boolean Whether it is the owner of its namespace.
---@field plugin? plugin_vault.Name For which plugin it was issued.
---@field scope? plugin_vault.Scope What it may do, where that is less than what its owner may.

---The store's key is not at hand; nothing is lost.
---@class plugin_vault.KeyUnavailableData
---@field kind "keyUnavailable"
---@field protector plugin_vault.Protector The protector that stands in the way.
---@field reason plugin_vault.KeyReason Why. `retryable` is true for `locked`, `deadline` and `memory`.
---@field retryable boolean

---Another holds the lease; data.expiresAt says until when.
---@class plugin_vault.LeaseHeldData
---@field kind "leaseHeld"
---@field retryable true
---@field expiresAt plugin_vault.Time Until when it is held if it is not renewed.

---The lease is not held any more: acquire it again.
---@class plugin_vault.LeaseLostData
---@field kind "leaseLost"
---@field retryable false

---A lease that was acquired.
---@class plugin_vault.Leased
---@field expiresAt plugin_vault.Time Until when it is held if it is not renewed.
---@field lease plugin_vault.Revision The fencing token: a number that only grows.

---Names a record, as an entry of a list does; what else the entry has may be there too.
---@class plugin_vault.ListedBefore
---@field context plugin_vault.Context
---@field name? plugin_vault.Name
---@field workspaceFolder? plugin_vault.WorkspaceFolder

---A key of `listAPIKeys`.
---@class plugin_vault.ListedKey
---@field current boolean Whether it is the caller's own.
---@field keyId plugin_vault.KeyId Names the key in `revokeAPIKey`.
---@field owner boolean Whether it is the owner of its namespace.
---@field expiresAt? plugin_vault.Time When it ends, if it does.
---@field installation? plugin_vault.Name For which installation the vault keeps it.
---@field issuedAt? plugin_vault.Time When the vault issued it; absent for a key that it did not issue.
---@field label? plugin_vault.Name What its owner calls it.
---@field plugin? plugin_vault.Name For which plugin it was issued.
---@field scope? plugin_vault.Scope What it may do, where that is less than what its owner may.

---A record of `listPersistentData`.
---@class plugin_vault.ListedRecord
---@field bytes integer How long its text is, in bytes.
---@field context plugin_vault.Context Where it is.
---@field createdAt plugin_vault.Time When it was first written.
---@field revision plugin_vault.Revision Of the write that last changed it.
---@field updatedAt plugin_vault.Time When it was last written.
---@field expiresAt? plugin_vault.Time When it expires, if it does.
---@field name? plugin_vault.Name Its name; absent for *the* object of its context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder Its folder; absent for the context `user`.

---A merge patch (RFC 7396): members take the place of those that are there, and `null` removes one. At most 128 levels, and no longer than an object that is stored may be.
---@alias plugin_vault.MergePatch table<string, any>

---There is no such method.
---@class plugin_vault.MethodNotFoundData
---@field kind "methodNotFound"
---@field retryable false

---Records that were moved.
---@class plugin_vault.Moved
---@field moved integer How many.
---@field revision plugin_vault.Revision The last of their revisions; 0 where there were none.

---1 to 256 bytes of UTF-8, compared byte for byte.
---@alias plugin_vault.Name string

---A key, for whoever asked for it.
---@class plugin_vault.NewKey
---@field apiKey plugin_vault.APIKey The key itself.
---@field keyId plugin_vault.KeyId Names the key in `revokeAPIKey`.
---@field owner boolean Whether it is the owner of its namespace.
---@field expiresAt? plugin_vault.Time When it ends, if it does.
---@field installation? plugin_vault.Name For which installation the vault keeps it.
---@field issuedAt? plugin_vault.Time When the vault issued it; absent for a key that it did not issue.
---@field label? plugin_vault.Name What its owner calls it.
---@field plugin? plugin_vault.Name For which plugin it was issued.
---@field scope? plugin_vault.Scope What it may do, where that is less than what its owner may.

---The scope of a key that is to be made. `null` means that a member is absent.
---@class plugin_vault.NewScope
---@field contexts? plugin_vault.Context[]|vim.NIL
---@field readOnly? boolean|vim.NIL
---@field workspaceFolders? plugin_vault.WorkspaceFolder[]|vim.NIL

---The API key does not permit this.
---@class plugin_vault.NotPermittedData
---@field kind "notPermitted"
---@field retryable false

---LSP's `WorkspaceFolder`s; one folder may stand there in several spellings. Each element is an open folder: where its `uri` is no absolute URI, one in which nothing can be stored.
---@alias plugin_vault.OpenFolders table<string, any>[]

---An OpenRPC document: this one.
---@alias plugin_vault.OpenRPC table<string, any>

---Too much waits at once; take answers before asking for more.
---@class plugin_vault.OverloadedData
---@field kind "overloaded"
---@field retryable true

---What is wrong with a parameter.
---@alias plugin_vault.ParameterReason "unknown"|"duplicate"|"missing"|"wrongType"|"outOfRange"

---The message is not JSON in UTF-8, or its frame is malformed.
---@class plugin_vault.ParseErrorData
---@field kind "parseError"
---@field retryable false

---A passphrase of the store: up to 64 KiB of UTF-8 without control characters. A leading byte-order mark is dropped, every other space becomes U+0020, and the text is brought into Normalization Form C, so that it opens the store however it was typed. What is left must not be empty.
---@alias plugin_vault.Passphrase string

---A path of this machine.
---@alias plugin_vault.Path string

---A record with its revision and its dates.
---@class plugin_vault.PersistentRecord
---@field createdAt plugin_vault.Time When it was first written.
---@field data plugin_vault.JsonObject What is stored, byte for byte.
---@field revision plugin_vault.Revision Of the write that last changed it.
---@field updatedAt plugin_vault.Time When it was last written.
---@field expiresAt? plugin_vault.Time When it expires, if it does.
---@field restored? true It came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since: it may not be what was stored last. A token in it may be spent.

---A process of this machine; a number that no system gives is ignored.
---@alias plugin_vault.ProcessId number

---A way to the store's key.
---@alias plugin_vault.Protector "key-file"|"keyring"|"passphrase"|"command"

---What the protectors guard against.
---@class plugin_vault.Protects
---@field copiesOfTheDataFolder boolean Whoever has a copy of the data folder alone.
---@field otherUsers boolean Other users of the machine; not where others may read the key file.
---@field stolenDisk boolean Whoever has the disk.

---The stored value is damaged; it is kept as it is.
---@class plugin_vault.RecordDamagedData
---@field kind "recordDamaged"
---@field retryable false

---What stands in the way of a store.
---@alias plugin_vault.RefusalReason "permissions"|"owner"|"platform"|"networkFileSystem"|"readOnly"|"link"|"fileType"|"access"

---A lease that was given up.
---@class plugin_vault.Released
---@field released true

---A lease that was renewed.
---@class plugin_vault.Renewed
---@field expiresAt plugin_vault.Time Until when it is held if it is not renewed again.

---What a repair of a damaged store did.
---@class plugin_vault.Repaired
---@field at plugin_vault.Time When.
---@field kept integer How many records were whole.
---@field lost? integer How many were not; absent if it can't be known.
---@field quarantine? plugin_vault.Path The folder in which the damaged file lies.
---@field restoredFrom? plugin_vault.Time When the backup was taken that was put back, if one was.

---The request was cancelled and not carried out.
---@class plugin_vault.RequestCancelledData
---@field kind "requestCancelled"
---@field retryable true

---A revision, or a lease's fencing token: strictly increasing over the whole store. 0 means "not there".
---@alias plugin_vault.Revision integer

---The record has another revision: read it again.
---@class plugin_vault.RevisionConflictData
---@field kind "revisionConflict"
---@field retryable false
---@field revision plugin_vault.Revision The record's revision, 0 for none.

---A key that has ended.
---@class plugin_vault.RevokedKey
---@field revoked true
---@field destroyed boolean Whether it was an owner's, and its namespace was destroyed with all records and shared keys.

---An absolute path. For anything else a folder is open in which nothing can be stored.
---@alias plugin_vault.RootPath string

---An absolute URI. For anything else a folder is open in which nothing can be stored.
---@alias plugin_vault.RootUri string

---What a shared key may do, where that is less than what its owner may.
---@class plugin_vault.Scope
---@field contexts? plugin_vault.Context[] The contexts that it may use. If absent: all, or `workspace` alone where `workspaceFolders` is there.
---@field readOnly? boolean Whether it may only read.
---@field workspaceFolders? plugin_vault.WorkspaceFolder[] The folders that it may use; all, if absent.

---@class plugin_vault.ServerInfo
---@field name string
---@field version string The version of the program.

---The state of the store, and what protects it.
---@class plugin_vault.Status
---@field bytes integer How long the store is, in bytes on the disk.
---@field dataDir plugin_vault.Path Where the store lies, or would lie.
---@field formatVersion integer The version of what lies on the disk.
---@field keyAvailable boolean Whether what needs data works now.
---@field protectors plugin_vault.Protector[] All that could open it.
---@field protects plugin_vault.Protects What all protectors together guard against, as things lie now; `false` also where it can't be known.
---@field records integer How many records there are, of all plugins.
---@field protector? plugin_vault.Protector The protector that opened the store.
---@field repaired? plugin_vault.Repaired What the last repair of a damaged store did; absent if there was none.
---@field storeId? plugin_vault.StoreId Absent where there is no store yet.

---The store is busy; nothing was changed.
---@class plugin_vault.StoreBusyData
---@field kind "storeBusy"
---@field retryable true
---@field reason? plugin_vault.BusyReason There where it is no other process: `threads` if the system gives this process no more threads.

---The store is damaged, and nothing could replace it; its files are kept as they are.
---@class plugin_vault.StoreDamagedData
---@field kind "storeDamaged"
---@field retryable false

---The store could not be read or written.
---@class plugin_vault.StoreFailedData
---@field kind "storeFailed"
---@field retryable false
---@field outcome? "unknown" There if a commit was under way: read before you write again.

---The disk or the store is full; nothing was changed.
---@class plugin_vault.StoreFullData
---@field kind "storeFull"
---@field retryable true

---Names a store.
---@alias plugin_vault.StoreId string

---The store can't be used as it lies there; the log says what to do.
---@class plugin_vault.StoreRefusedData
---@field kind "storeRefused"
---@field retryable false
---@field reason plugin_vault.RefusalReason What stands in the way.

---The target has such a record already; nothing was moved.
---@class plugin_vault.TargetExistsData
---@field kind "targetExists"
---@field retryable false

---An RFC 3339 date and time from 1970 on. Taken with any offset from UTC, given in UTC with milliseconds.
---@alias plugin_vault.Time string

---Whether the store's key is at hand.
---@class plugin_vault.Unlocked
---@field keyAvailable boolean Whether what needs data works now. `false` where there is no store yet.

---@class plugin_vault.VaultCapabilities
---@field maxDataBytes integer The longest object that can be stored, in bytes of JSON text.
---@field protocolVersion integer The version of this contract. A client that needs a later one says so, and goes on with nothing.

---A watch.
---@class plugin_vault.Watch
---@field revision plugin_vault.Revision The revision up to which it has been told.
---@field watching boolean Whether the client is told of changes from now on.

---Why a watch ends.
---@alias plugin_vault.WatchEnd "apiKeyRevoked"|"apiKeyExpired"

---@class plugin_vault.WorkspaceCapabilities
---@field workspaceFolders plugin_vault.FolderCapabilities

---The absolute URI of a workspace folder, open or not. Normalised: scheme and host in lower case, percent-encoding made canonical, a drive letter in lower case, no slash at the end, `localhost` dropped; an authority that RFC 3986 does not know is kept as it is. Symbolic links are not followed.
---@alias plugin_vault.WorkspaceFolder string

---A workspace folder is an absolute URI.
---@class plugin_vault.WorkspaceFolderInvalidData
---@field kind "workspaceFolderInvalid"
---@field retryable false

---Pass workspaceFolder: not exactly one folder is open.
---@class plugin_vault.WorkspaceFolderRequiredData
---@field kind "workspaceFolderRequired"
---@field retryable false

---A write.
---@class plugin_vault.Written
---@field revision plugin_vault.Revision The record's revision now.

---Begins an editor's session, as LSP 3.17 has it. Open folders are those of `workspaceFolders`, else `rootUri`, else `rootPath`. What the client calls open counts as open even where it is no URI: no other folder is the only one then, and `context: "workspace"` without `workspaceFolder` is 2003. All else that LSP clients send is ignored. A second one is −32600.
---
---A client that never sends it is a script: every method works at once, and the open folders are those of `--workspace-folder`, else the current directory.
---@class plugin_vault.initialize.params
---@field processId? plugin_vault.ProcessId|vim.NIL The process with which the server ends.
---@field rootUri? plugin_vault.RootUri|vim.NIL The open folder, from clients that know no more than one.
---@field rootPath? plugin_vault.RootPath|vim.NIL The same as a path, from older clients.
---@field workspaceFolders? plugin_vault.OpenFolders|vim.NIL The open folders. `[]` says that none is open; `null` says nothing.

---Registers a key on this connection. The same key again gives the same handle; at most 256 keys a connection (2002). Calls without `handle` mean the one key that the connection has set: a second key ends that for the connection, a refused `setAPIKey` until the only key is set again.
---
---Where the store's key is not at hand the result is `{handle}` alone; with `mustExist` it is 4001.
---
---A well-formed key that was never issued is a key all the same: its namespace begins with the first write.
---@class plugin_vault.setAPIKey.params
---@field apiKey plugin_vault.APIKey The key.
---@field mustExist? boolean|vim.NIL Whether a key with which nothing was stored yet is refused (1003); `false` by default.

---A new namespace's owner key. With `installation` the vault keeps it: the same pair always gives the same key, made once however many processes ask; also one that has expired, with its `expiresAt`. If none is found while a key's row is damaged the answer is 4002: it may be that one.
---@class plugin_vault.issueAPIKey.params
---@field plugin plugin_vault.Name What the user installed, like `publisher.name`: a claim, not a proof.
---@field installation? plugin_vault.Name|vim.NIL Which installation of it, like `vscode` or `nvim-work`. Without it, the caller keeps the key itself.
---@field label? plugin_vault.Name|vim.NIL What the key is called in lists.
---@field expiresAt? plugin_vault.Time|vim.NIL When the key ends; without it, never.

---Another key for the same namespace; only its owner may (1006). It dies with its owner.
---@class plugin_vault.shareAPIKey.params
---@field label? plugin_vault.Name|vim.NIL What the key is called in lists.
---@field expiresAt? plugin_vault.Time|vim.NIL When the key ends: no later than the owner's, and with the owner's by default.
---@field scope? plugin_vault.NewScope|vim.NIL What the key may do. Without it, all that the owner may, except sharing.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---All keys of the namespace for its owner, and for a shared key itself; expired ones too, revoked ones not, and none whose row is damaged.
---@class plugin_vault.listAPIKeys.params
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Puts a new key in the place of the caller's, in one commit: from then on every process refuses the old one (1004), and the handle goes on with the new one. A key that the vault keeps is kept anew: `issueAPIKey` gives the new one.
---@class plugin_vault.rotateAPIKey.params
---@field apiKey? plugin_vault.APIKey|vim.NIL The new key, for whoever keeps it itself and has saved it before: then a lost answer loses nothing, and the same call again gives the same answer. Without it, the vault makes one.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Ends the caller's key, or with `keyId` one that it shared. An owner's own end destroys its namespace, with all records and shared keys. From the answer on every process refuses the key (1004).
---@class plugin_vault.revokeAPIKey.params
---@field keyId? plugin_vault.KeyId|vim.NIL Which key, from `listAPIKeys`; without it, the caller's own. 1003 for one that the namespace does not have, 1006 where a shared key names another.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Stores an object in the place of what was there. The same text with the same expiry changes nothing and keeps its revision.
---@class plugin_vault.setPersistentData.params
---@field context plugin_vault.Context Where the record is.
---@field data plugin_vault.JsonObject What is stored.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name. Without it, *the* object of its context.
---@field ifRevision? plugin_vault.Revision|vim.NIL The revision that the record must have, 0 for none; else 2001.
---@field expiresAt? plugin_vault.Time|vim.NIL When the record expires; without it, never. One in the past expires at once.
---@field lease? plugin_vault.Revision|vim.NIL A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---The object, byte for byte as it was stored, or `null` if there is none.
---@class plugin_vault.getPersistentData.params
---@field context plugin_vault.Context Where the record is.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name. Without it, *the* object of its context.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---The object with its revision and its dates, or `null` if there is none.
---@class plugin_vault.getPersistentRecord.params
---@field context plugin_vault.Context Where the record is.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name. Without it, *the* object of its context.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Changes members of an object, atomically: a merge patch (RFC 7396), on `{}` where there is no record. Members that it does not touch keep their text; the expiry stays.
---@class plugin_vault.patchPersistentData.params
---@field context plugin_vault.Context Where the record is.
---@field patch plugin_vault.MergePatch What is changed.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name. Without it, *the* object of its context.
---@field ifRevision? plugin_vault.Revision|vim.NIL The revision that the record must have, 0 for none; else 2001.
---@field lease? plugin_vault.Revision|vim.NIL A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Removes a record. Where there is none that is no error: `{"deleted": false, "revision": 0}`.
---@class plugin_vault.deletePersistentData.params
---@field context plugin_vault.Context Where the record is.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`.
---@field name? plugin_vault.Name|vim.NIL The record's name. Without it, *the* object of its context.
---@field ifRevision? plugin_vault.Revision|vim.NIL The revision that the record must have, 0 for none; else 2001.
---@field lease? plugin_vault.Revision|vim.NIL A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---What is stored in the key's namespace and scope, without the data: always in the same order, which says nothing of the records. A list that is longer than a message may be is 2002, and `data.limit` says how many bytes that are: ask for it in pages, with `limit`, and with the last entry of one page as `after` of the next. A page that has fewer entries than `limit` is the last one. Each page is as of its own moment; a record that is there all the time is in one of them.
---@class plugin_vault.listPersistentData.params
---@field context? plugin_vault.Context|vim.NIL Only records of this context.
---@field workspaceFolder? plugin_vault.WorkspaceFolder|vim.NIL Only records of this folder.
---@field limit? integer|vim.NIL At most so many entries; without it, all.
---@field after? plugin_vault.ListedBefore|vim.NIL Only what comes after this record in the order, whether or not it is still there.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Moves all records of one folder to another, or none. Each takes two revisions. `createdAt` and expiry stay.
---@class plugin_vault.movePersistentData.params
---@field from plugin_vault.WorkspaceFolder The folder that they are in.
---@field to plugin_vault.WorkspaceFolder The folder that they go to. 2005 if it has one of them already.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Asks to be told, by `persistentData/didChange`, what other connections, in this process or any other, change in the namespace and the scope of the key. Asked again without `since`, a watch goes on from where it is.
---@class plugin_vault.watchPersistentData.params
---@field since? plugin_vault.Revision|vim.NIL The revision up to which the client knows the records: the last `revision` that it was told. Without it, the last of the store.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Ends a watch. `revision` is what `since` has to be to go on from there.
---@class plugin_vault.unwatchPersistentData.params
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Claims a name, exclusively, for `ttlMs` unless it is renewed. Where another holds it, the request waits for up to `waitMs`, then it is 3001; nobody is served in any order, and whoever holds it already waits like anybody else.
---
---It is free again, within a second, when it is released, when its time is over (on the clock that goes on while the machine sleeps), when the process that acquired it ends, however it ends, and when the key that acquired it is revoked. All keys of a namespace share the names. A key that may change no record (`readOnly`, or a scope that covers no record) gets no lease (1006). At most 64 requests of a connection wait for leases (5004), a namespace has at most 1,000, and a shared key holds at most 100 (2002).
---@class plugin_vault.acquireLease.params
---@field name plugin_vault.Name The lease's name, in the key's namespace.
---@field ttlMs integer How long it is held without being renewed, in milliseconds.
---@field waitMs? integer|vim.NIL How long the request waits where another holds it, in milliseconds; 0 by default.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Holds a lease for its whole length, from now on. Only the key that acquired it may, in any process, or the key that was put in its place by `rotateAPIKey`: 1006 for another.
---@class plugin_vault.renewLease.params
---@field name plugin_vault.Name The lease's name.
---@field lease plugin_vault.Revision The fencing token that `acquireLease` gave. 3002 if it is not that of the live lease.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Gives a lease up; a request that waits for it has it within a second. Only the key that acquired it may, in any process, or the key that was put in its place by `rotateAPIKey`: 1006 for another.
---@class plugin_vault.releaseLease.params
---@field name plugin_vault.Name The lease's name.
---@field lease plugin_vault.Revision The fencing token that `acquireLease` gave. 3002 if it is not that of the live lease.
---@field handle? plugin_vault.Handle|vim.NIL The key that is meant; may be left out while the connection has set exactly one.

---Gets the store's key where it is locked, with `passphrase`, or by asking a person with the program `PLUGIN_VAULT_ASKPASS`. It is the only method that may ask anybody; a request that needs data is 4001 `locked` at once. One process at a time asks: another waits, and is 4001 `deadline` if its time is over first. With `passphrase` nobody else is asked, and no person is waited for. `$/cancelRequest` takes the program's question away. One process derives one key at a time; its requests are carried out in the order of asking, and 256 of each kind may wait.
---
---On Linux a key that `keyring`, `passphrase` or `command` gave (never `key-file`) stays in the kernel's keyring of the login session until log-out: no other process of the session has to ask, `setAPIKey` and `vault/status` find it, and `protector` is still the one that gave it. Removing a protector drops it. Elsewhere, and where the kernel's keyring may not be used, each process asks once.
---@class plugin_vault.vault.unlock.params
---@field passphrase? plugin_vault.Passphrase|vim.NIL The passphrase, where the client has asked for it itself.
---@field timeoutMs? integer|vim.NIL How long a person may take, in milliseconds; 60,000 by default.

---Takes a waiting request back: it is answered −32800, and nothing of it is carried out; or with its true outcome, if this came too late.
---@class plugin_vault.cancelRequest.params
---@field id string|number|vim.NIL The request's id.

---Ignored.
---@class plugin_vault.setTrace.params
---@field value string

---Folders were opened and closed, as in LSP 3.17: `event` has `added` and `removed`.
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
---@field ["vault/unlock"] fun(params: plugin_vault.vault.unlock.params): plugin_vault.Unlocked
---@field ["rpc.discover"] fun(params: {}): plugin_vault.OpenRPC

local M = {}

---The number of each kind of error.
---@type table<plugin_vault.ErrorKind, integer>
M.error_codes = {
  -- The message is not a JSON-RPC 2.0 request, or has no place here.
  invalidRequest = -32600,
  -- There is no such method.
  methodNotFound = -32601,
  -- A parameter is wrong; data says which and why.
  invalidParams = -32602,
  -- The vault has a fault; please report it.
  internalError = -32603,
  -- The message is not JSON in UTF-8, or its frame is malformed.
  parseError = -32700,
  -- The request was cancelled and not carried out.
  requestCancelled = -32800,
  -- No API key is meant: call setAPIKey, and pass its handle.
  apiKeyRequired = 1001,
  -- An API key is 40 hexadecimal digits.
  apiKeyInvalid = 1002,
  -- Nothing has been stored with this API key.
  apiKeyUnknown = 1003,
  -- The API key was revoked or replaced.
  apiKeyRevoked = 1004,
  -- The API key has expired; its data is kept.
  apiKeyExpired = 1005,
  -- The API key does not permit this.
  notPermitted = 1006,
  -- The record has another revision: read it again.
  revisionConflict = 2001,
  -- Over a limit; data.limit is the limit.
  dataTooLarge = 2002,
  -- Pass workspaceFolder: not exactly one folder is open.
  workspaceFolderRequired = 2003,
  -- A workspace folder is an absolute URI.
  workspaceFolderInvalid = 2004,
  -- The target has such a record already; nothing was moved.
  targetExists = 2005,
  -- Another holds the lease; data.expiresAt says until when.
  leaseHeld = 3001,
  -- The lease is not held any more: acquire it again.
  leaseLost = 3002,
  -- The store's key is not at hand; nothing is lost.
  keyUnavailable = 4001,
  -- The stored value is damaged; it is kept as it is.
  recordDamaged = 4002,
  -- The store is damaged, and nothing could replace it; its files are kept as they are.
  storeDamaged = 4003,
  -- The disk or the store is full; nothing was changed.
  storeFull = 5001,
  -- The store is busy; nothing was changed.
  storeBusy = 5002,
  -- The store was written by a later version: update plugin-vault.
  formatTooNew = 5003,
  -- Too much waits at once; take answers before asking for more.
  overloaded = 5004,
  -- The store can't be used as it lies there; the log says what to do.
  storeRefused = 5005,
  -- The store could not be read or written.
  storeFailed = 5006,
}

---The kinds of which the same call may succeed later with nothing else done.
---@type table<plugin_vault.ErrorKind, true>
M.retryable = {
  requestCancelled = true,
  leaseHeld = true,
  storeFull = true,
  storeBusy = true,
  overloaded = true,
}

return M
