"""The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.

`UPDATE=1 cargo test --features schema --test schema` writes it.
"""

from typing import Any, Final, Literal, NotRequired, TypeAlias, TypedDict


APIKey: TypeAlias = str
"""40 hexadecimal digits. Whoever has them has the data: keep them as a secret."""


Context: TypeAlias = Literal["user"] | Literal["workspace"]
"""One set of records for the user, or one for each workspace folder."""


Name: TypeAlias = str
"""1 to 256 bytes of UTF-8, compared byte for byte."""


WorkspaceFolder: TypeAlias = str
"""The absolute URI of a workspace folder, open or not. Normalised: scheme and host in lower case, percent-encoding made canonical, a drive letter in lower case, no slash at the end, `localhost` dropped; an authority that RFC 3986 does not know is kept as it is. Symbolic links are not followed."""


class Address(TypedDict):
    """Where a record is."""

    context: Context
    """One of the two."""

    name: NotRequired[Name]
    """Its name. Without it, *the* object of its context."""

    workspaceFolder: NotRequired[WorkspaceFolder]
    """Its folder, for the context `workspace`. May be left out when exactly one is open."""


class ApiKeyExpiredData(TypedDict):
    """The API key has expired; its data is kept."""

    kind: Literal["apiKeyExpired"]

    retryable: Literal[False]


class ApiKeyInvalidData(TypedDict):
    """An API key is 40 hexadecimal digits."""

    kind: Literal["apiKeyInvalid"]

    retryable: Literal[False]


class ApiKeyRequiredData(TypedDict):
    """No API key is meant: call setAPIKey, and pass its handle."""

    kind: Literal["apiKeyRequired"]

    retryable: Literal[False]


class ApiKeyRevokedData(TypedDict):
    """The API key was revoked or replaced."""

    kind: Literal["apiKeyRevoked"]

    retryable: Literal[False]


class ApiKeyUnknownData(TypedDict):
    """Nothing has been stored with this API key."""

    kind: Literal["apiKeyUnknown"]

    retryable: Literal[False]


BusyReason: TypeAlias = Literal["threads"]
"""What the store is busy with, if not with another process."""


class VaultCapabilities(TypedDict):

    maxDataBytes: int
    """The longest object that can be stored, in bytes of JSON text."""

    protocolVersion: int
    """The version of this contract. A client that needs a later one says so, and goes on with nothing."""


class Experimental(TypedDict):

    pluginVault: VaultCapabilities


class FolderCapabilities(TypedDict):

    changeNotifications: Literal[True]

    supported: Literal[True]


class WorkspaceCapabilities(TypedDict):

    workspaceFolders: FolderCapabilities


class Capabilities(TypedDict):

    experimental: Experimental

    workspace: WorkspaceCapabilities


class DataTooLargeData(TypedDict):
    """Over a limit; data.limit is the limit."""

    kind: Literal["dataTooLarge"]

    retryable: Literal[False]

    limit: int
    """The limit: bytes, records, handles, leases or keys."""


Revision: TypeAlias = int
"""A revision, or a lease's fencing token: strictly increasing over the whole store. 0 means "not there"."""


class Deleted(TypedDict):
    """A record that was removed."""

    deleted: bool
    """Whether there was one."""

    revision: Revision
    """The revision of the removal; 0 where there was none."""


Handle: TypeAlias = str
"""Names a key on the connection on which `setAPIKey` gave it."""


WatchEnd: TypeAlias = Literal["apiKeyRevoked"] | Literal["apiKeyExpired"]
"""Why a watch ends."""


class DidChange1(TypedDict):
    """What a watching client is told."""

    context: Context
    """Where the record is."""

    deleted: bool
    """Whether it was deleted."""

    handle: Handle
    """The watch that this is for."""

    revision: Revision
    """The record's revision now."""

    name: NotRequired[Name]
    """Its name; absent for *the* object of its context."""

    workspaceFolder: NotRequired[WorkspaceFolder]
    """Its folder; absent for the context `user`."""


class DidChange2(TypedDict):
    """What a watching client is told."""

    resync: Literal[True]
    """Tells this from other notices."""

    handle: Handle
    """The watch that this is for."""

    revision: Revision
    """The revision up to which they were missed."""


class DidChange3(TypedDict):
    """What a watching client is told."""

    ended: WatchEnd
    """Why."""

    handle: Handle
    """The watch that this is for."""

    revision: Revision
    """The revision up to which the client has been told."""


DidChange: TypeAlias = DidChange1 | DidChange2 | DidChange3
"""What a watching client is told."""


class FormatTooNewData(TypedDict):
    """The store was written by a later version: update plugin-vault."""

    kind: Literal["formatTooNew"]

    retryable: Literal[False]


class InternalErrorData(TypedDict):
    """The vault has a fault; please report it."""

    kind: Literal["internalError"]

    retryable: Literal[False]


ParameterReason: TypeAlias = Literal["unknown"] | Literal["duplicate"] | Literal["missing"] | Literal["wrongType"] | Literal["outOfRange"]
"""What is wrong with a parameter."""


class InvalidParamsData(TypedDict):
    """A parameter is wrong; data says which and why."""

    kind: Literal["invalidParams"]

    retryable: Literal[False]

    parameter: str | int
    """One of our names; or a position from 0, also among the members, for a name that the method does not have."""

    reason: ParameterReason
    """What is wrong with it."""


class InvalidRequestData(TypedDict):
    """The message is not a JSON-RPC 2.0 request, or has no place here."""

    kind: Literal["invalidRequest"]

    retryable: Literal[False]


KeyReason: TypeAlias = Literal["locked"] | Literal["missing"] | Literal["wrong"] | Literal["denied"] | Literal["deadline"] | Literal["failed"] | Literal["programMissing"] | Literal["relativeProgram"] | Literal["invalidPassphrase"] | Literal["memory"]
"""Why a protector does not give the store's key."""


Protector: TypeAlias = Literal["key-file"] | Literal["keyring"] | Literal["passphrase"] | Literal["command"]
"""A way to the store's key."""


class KeyUnavailableData(TypedDict):
    """The store's key is not at hand; nothing is lost."""

    kind: Literal["keyUnavailable"]

    protector: Protector
    """The protector that stands in the way."""

    reason: KeyReason
    """Why. `retryable` is true for `locked`, `deadline` and `memory`."""

    retryable: bool


Time: TypeAlias = str
"""An RFC 3339 date and time from 1970 on. Taken with any offset from UTC, given in UTC with milliseconds."""


class LeaseHeldData(TypedDict):
    """Another holds the lease; data.expiresAt says until when."""

    kind: Literal["leaseHeld"]

    retryable: Literal[True]

    expiresAt: Time
    """Until when it is held if it is not renewed."""


class LeaseLostData(TypedDict):
    """The lease is not held any more: acquire it again."""

    kind: Literal["leaseLost"]

    retryable: Literal[False]


class MethodNotFoundData(TypedDict):
    """There is no such method."""

    kind: Literal["methodNotFound"]

    retryable: Literal[False]


class NotPermittedData(TypedDict):
    """The API key does not permit this."""

    kind: Literal["notPermitted"]

    retryable: Literal[False]


class OverloadedData(TypedDict):
    """Too much waits at once; take answers before asking for more."""

    kind: Literal["overloaded"]

    retryable: Literal[True]


class ParseErrorData(TypedDict):
    """The message is not JSON in UTF-8, or its frame is malformed."""

    kind: Literal["parseError"]

    retryable: Literal[False]


class RecordDamagedData(TypedDict):
    """The stored value is damaged; it is kept as it is."""

    kind: Literal["recordDamaged"]

    retryable: Literal[False]


class RequestCancelledData(TypedDict):
    """The request was cancelled and not carried out."""

    kind: Literal["requestCancelled"]

    retryable: Literal[True]


class RevisionConflictData(TypedDict):
    """The record has another revision: read it again."""

    kind: Literal["revisionConflict"]

    retryable: Literal[False]

    revision: Revision
    """The record's revision, 0 for none."""


class StoreBusyData(TypedDict):
    """The store is busy; nothing was changed."""

    kind: Literal["storeBusy"]

    retryable: Literal[True]

    reason: NotRequired[BusyReason]
    """There where it is no other process: `threads` if the system gives this process no more threads."""


class StoreDamagedData(TypedDict):
    """The store is damaged, and nothing could replace it; its files are kept as they are."""

    kind: Literal["storeDamaged"]

    retryable: Literal[False]


class StoreFailedData(TypedDict):
    """The store could not be read or written."""

    kind: Literal["storeFailed"]

    retryable: Literal[False]

    outcome: NotRequired[Literal["unknown"]]
    """There if a commit was under way: read before you write again."""


class StoreFullData(TypedDict):
    """The disk or the store is full; nothing was changed."""

    kind: Literal["storeFull"]

    retryable: Literal[True]


RefusalReason: TypeAlias = Literal["permissions"] | Literal["owner"] | Literal["platform"] | Literal["networkFileSystem"] | Literal["readOnly"] | Literal["link"] | Literal["fileType"] | Literal["access"]
"""What stands in the way of a store."""


class StoreRefusedData(TypedDict):
    """The store can't be used as it lies there; the log says what to do."""

    kind: Literal["storeRefused"]

    retryable: Literal[False]

    reason: RefusalReason
    """What stands in the way."""


class TargetExistsData(TypedDict):
    """The target has such a record already; nothing was moved."""

    kind: Literal["targetExists"]

    retryable: Literal[False]


class WorkspaceFolderInvalidData(TypedDict):
    """A workspace folder is an absolute URI."""

    kind: Literal["workspaceFolderInvalid"]

    retryable: Literal[False]


class WorkspaceFolderRequiredData(TypedDict):
    """Pass workspaceFolder: not exactly one folder is open."""

    kind: Literal["workspaceFolderRequired"]

    retryable: Literal[False]


ErrorData: TypeAlias = ParseErrorData | InvalidRequestData | MethodNotFoundData | InvalidParamsData | InternalErrorData | RequestCancelledData | ApiKeyRequiredData | ApiKeyInvalidData | ApiKeyUnknownData | ApiKeyRevokedData | ApiKeyExpiredData | NotPermittedData | RevisionConflictData | DataTooLargeData | WorkspaceFolderRequiredData | WorkspaceFolderInvalidData | TargetExistsData | LeaseHeldData | LeaseLostData | KeyUnavailableData | RecordDamagedData | StoreDamagedData | StoreFullData | StoreBusyData | FormatTooNewData | OverloadedData | StoreRefusedData | StoreFailedData
"""`error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done."""


ErrorKind: TypeAlias = Literal["parseError"] | Literal["invalidRequest"] | Literal["methodNotFound"] | Literal["invalidParams"] | Literal["internalError"] | Literal["requestCancelled"] | Literal["apiKeyRequired"] | Literal["apiKeyInvalid"] | Literal["apiKeyUnknown"] | Literal["apiKeyRevoked"] | Literal["apiKeyExpired"] | Literal["notPermitted"] | Literal["revisionConflict"] | Literal["dataTooLarge"] | Literal["workspaceFolderRequired"] | Literal["workspaceFolderInvalid"] | Literal["targetExists"] | Literal["leaseHeld"] | Literal["leaseLost"] | Literal["keyUnavailable"] | Literal["recordDamaged"] | Literal["storeDamaged"] | Literal["storeFull"] | Literal["storeBusy"] | Literal["formatTooNew"] | Literal["overloaded"] | Literal["storeRefused"] | Literal["storeFailed"]
"""What went wrong, for programs. `message` is for people, and one sentence for each."""


class ServerInfo(TypedDict):

    name: str

    version: str
    """The version of the program."""


class Initialized(TypedDict):
    """What the server is, and can do."""

    capabilities: Capabilities

    serverInfo: ServerInfo


KeyId: TypeAlias = str
"""Names a key, and tells nothing of it: 32 hexadecimal digits."""


class Scope(TypedDict):
    """What a shared key may do, where that is less than what its owner may."""

    contexts: NotRequired[list[Context]]
    """The contexts that it may use. If absent: all, or `workspace` alone where `workspaceFolders` is there."""

    readOnly: NotRequired[bool]
    """Whether it may only read."""

    workspaceFolders: NotRequired[list[WorkspaceFolder]]
    """The folders that it may use; all, if absent."""


class IssuedKey(TypedDict):
    """A key that was issued, or is kept."""

    apiKey: APIKey
    """The key itself."""

    created: bool
    """Whether it was made now."""

    keyId: KeyId
    """Names the key in `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner of its namespace."""

    expiresAt: NotRequired[Time]
    """When it ends, if it does."""

    installation: NotRequired[Name]
    """For which installation the vault keeps it."""

    issuedAt: NotRequired[Time]
    """When the vault issued it; absent for a key that it did not issue."""

    label: NotRequired[Name]
    """What its owner calls it."""

    plugin: NotRequired[Name]
    """For which plugin it was issued."""

    scope: NotRequired[Scope]
    """What it may do, where that is less than what its owner may."""


JsonObject: TypeAlias = dict[str, Any]
"""A JSON object, kept byte for byte less white space at its ends. Up to `maxDataBytes` of `initialize`, 8 MiB by default."""


class Key(TypedDict):
    """What is told of a key; never the key itself."""

    keyId: KeyId
    """Names the key in `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner of its namespace."""

    expiresAt: NotRequired[Time]
    """When it ends, if it does."""

    installation: NotRequired[Name]
    """For which installation the vault keeps it."""

    issuedAt: NotRequired[Time]
    """When the vault issued it; absent for a key that it did not issue."""

    label: NotRequired[Name]
    """What its owner calls it."""

    plugin: NotRequired[Name]
    """For which plugin it was issued."""

    scope: NotRequired[Scope]
    """What it may do, where that is less than what its owner may."""


class KeySet(TypedDict):
    """What `setAPIKey` knows of a key."""

    handle: Handle
    """Names the key on this connection from now on."""

    expiresAt: NotRequired[Time]
    """When it ends, if it does."""

    installation: NotRequired[Name]
    """For which installation the vault keeps it."""

    issuedAt: NotRequired[Time]
    """When the vault issued it; absent for a key that it did not issue."""

    keyId: NotRequired[KeyId]
    """Names the key in `revokeAPIKey`."""

    known: NotRequired[bool]
    """Whether anything was stored with it, or it was issued here."""

    label: NotRequired[Name]
    """What its owner calls it."""

    owner: NotRequired[bool]
    """Whether it is the owner of its namespace."""

    plugin: NotRequired[Name]
    """For which plugin it was issued."""

    scope: NotRequired[Scope]
    """What it may do, where that is less than what its owner may."""


class Leased(TypedDict):
    """A lease that was acquired."""

    expiresAt: Time
    """Until when it is held if it is not renewed."""

    lease: Revision
    """The fencing token: a number that only grows."""


class ListedBefore(TypedDict):
    """Names a record, as an entry of a list does; what else the entry has may be there too."""

    context: Context

    name: NotRequired[Name]

    workspaceFolder: NotRequired[WorkspaceFolder]


class ListedKey(TypedDict):
    """A key of `listAPIKeys`."""

    current: bool
    """Whether it is the caller's own."""

    keyId: KeyId
    """Names the key in `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner of its namespace."""

    expiresAt: NotRequired[Time]
    """When it ends, if it does."""

    installation: NotRequired[Name]
    """For which installation the vault keeps it."""

    issuedAt: NotRequired[Time]
    """When the vault issued it; absent for a key that it did not issue."""

    label: NotRequired[Name]
    """What its owner calls it."""

    plugin: NotRequired[Name]
    """For which plugin it was issued."""

    scope: NotRequired[Scope]
    """What it may do, where that is less than what its owner may."""


class ListedRecord(TypedDict):
    """A record of `listPersistentData`."""

    bytes: int
    """How long its text is, in bytes."""

    context: Context
    """Where it is."""

    createdAt: Time
    """When it was first written."""

    revision: Revision
    """Of the write that last changed it."""

    updatedAt: Time
    """When it was last written."""

    expiresAt: NotRequired[Time]
    """When it expires, if it does."""

    name: NotRequired[Name]
    """Its name; absent for *the* object of its context."""

    workspaceFolder: NotRequired[WorkspaceFolder]
    """Its folder; absent for the context `user`."""


MergePatch: TypeAlias = dict[str, Any]
"""A merge patch (RFC 7396): members take the place of those that are there, and `null` removes one. At most 128 levels, and no longer than an object that is stored may be."""


class Moved(TypedDict):
    """Records that were moved."""

    moved: int
    """How many."""

    revision: Revision
    """The last of their revisions; 0 where there were none."""


class NewKey(TypedDict):
    """A key, for whoever asked for it."""

    apiKey: APIKey
    """The key itself."""

    keyId: KeyId
    """Names the key in `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner of its namespace."""

    expiresAt: NotRequired[Time]
    """When it ends, if it does."""

    installation: NotRequired[Name]
    """For which installation the vault keeps it."""

    issuedAt: NotRequired[Time]
    """When the vault issued it; absent for a key that it did not issue."""

    label: NotRequired[Name]
    """What its owner calls it."""

    plugin: NotRequired[Name]
    """For which plugin it was issued."""

    scope: NotRequired[Scope]
    """What it may do, where that is less than what its owner may."""


class NewScope(TypedDict):
    """The scope of a key that is to be made. `null` means that a member is absent."""

    contexts: NotRequired[list[Context] | None]

    readOnly: NotRequired[bool | None]

    workspaceFolders: NotRequired[list[WorkspaceFolder] | None]


OpenFolders: TypeAlias = list[dict[str, Any]]
"""LSP's `WorkspaceFolder`s; one folder may stand there in several spellings. Each element is an open folder: where its `uri` is no absolute URI, one in which nothing can be stored."""


OpenRPC: TypeAlias = dict[str, Any]
"""An OpenRPC document: this one."""


Passphrase: TypeAlias = str
"""A passphrase of the store: up to 64 KiB of UTF-8 without control characters. A leading byte-order mark is dropped, every other space becomes U+0020, and the text is brought into Normalization Form C, so that it opens the store however it was typed. What is left must not be empty."""


Path: TypeAlias = str
"""A path of this machine."""


class PersistentRecord(TypedDict):
    """A record with its revision and its dates."""

    createdAt: Time
    """When it was first written."""

    data: JsonObject
    """What is stored, byte for byte."""

    revision: Revision
    """Of the write that last changed it."""

    updatedAt: Time
    """When it was last written."""

    expiresAt: NotRequired[Time]
    """When it expires, if it does."""

    restored: NotRequired[Literal[True]]
    """It came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since: it may not be what was stored last. A token in it may be spent."""


ProcessId: TypeAlias = float
"""A process of this machine; a number that no system gives is ignored."""


class Protects(TypedDict):
    """What the protectors guard against."""

    copiesOfTheDataFolder: bool
    """Whoever has a copy of the data folder alone."""

    otherUsers: bool
    """Other users of the machine; not where others may read the key file."""

    stolenDisk: bool
    """Whoever has the disk."""


class Released(TypedDict):
    """A lease that was given up."""

    released: Literal[True]


class Renewed(TypedDict):
    """A lease that was renewed."""

    expiresAt: Time
    """Until when it is held if it is not renewed again."""


class Repaired(TypedDict):
    """What a repair of a damaged store did."""

    at: Time
    """When."""

    kept: int
    """How many records were whole."""

    lost: NotRequired[int]
    """How many were not; absent if it can't be known."""

    quarantine: NotRequired[Path]
    """The folder in which the damaged file lies."""

    restoredFrom: NotRequired[Time]
    """When the backup was taken that was put back, if one was."""


class RevokedKey(TypedDict):
    """A key that has ended."""

    revoked: Literal[True]

    destroyed: bool
    """Whether it was an owner's, and its namespace was destroyed with all records and shared keys."""


RootPath: TypeAlias = str
"""An absolute path. For anything else a folder is open in which nothing can be stored."""


RootUri: TypeAlias = str
"""An absolute URI. For anything else a folder is open in which nothing can be stored."""


StoreId: TypeAlias = str
"""Names a store."""


class Status(TypedDict):
    """The state of the store, and what protects it."""

    bytes: int
    """How long the store is, in bytes on the disk."""

    dataDir: Path
    """Where the store lies, or would lie."""

    formatVersion: int
    """The version of what lies on the disk."""

    keyAvailable: bool
    """Whether what needs data works now."""

    protectors: list[Protector]
    """All that could open it."""

    protects: Protects
    """What all protectors together guard against, as things lie now; `false` also where it can't be known."""

    records: int
    """How many records there are, of all plugins."""

    protector: NotRequired[Protector]
    """The protector that opened the store."""

    repaired: NotRequired[Repaired]
    """What the last repair of a damaged store did; absent if there was none."""

    storeId: NotRequired[StoreId]
    """Absent where there is no store yet."""


class Unlocked(TypedDict):
    """Whether the store's key is at hand."""

    keyAvailable: bool
    """Whether what needs data works now. `false` where there is no store yet."""


class Watch(TypedDict):
    """A watch."""

    revision: Revision
    """The revision up to which it has been told."""

    watching: bool
    """Whether the client is told of changes from now on."""


class Written(TypedDict):
    """A write."""

    revision: Revision
    """The record's revision now."""


class InitializeParams(TypedDict):
    """What goes with `initialize`."""

    processId: NotRequired[ProcessId | None]
    """The process with which the server ends."""

    rootUri: NotRequired[RootUri | None]
    """The open folder, from clients that know no more than one."""

    rootPath: NotRequired[RootPath | None]
    """The same as a path, from older clients."""

    workspaceFolders: NotRequired[OpenFolders | None]
    """The open folders. `[]` says that none is open; `null` says nothing."""


class SetAPIKeyParams(TypedDict):
    """What goes with `setAPIKey`."""

    apiKey: APIKey
    """The key."""

    mustExist: NotRequired[bool | None]
    """Whether a key with which nothing was stored yet is refused (1003); `false` by default."""


class IssueAPIKeyParams(TypedDict):
    """What goes with `issueAPIKey`."""

    plugin: Name
    """What the user installed, like `publisher.name`: a claim, not a proof."""

    installation: NotRequired[Name | None]
    """Which installation of it, like `vscode` or `nvim-work`. Without it, the caller keeps the key itself."""

    label: NotRequired[Name | None]
    """What the key is called in lists."""

    expiresAt: NotRequired[Time | None]
    """When the key ends; without it, never."""


class ShareAPIKeyParams(TypedDict):
    """What goes with `shareAPIKey`."""

    label: NotRequired[Name | None]
    """What the key is called in lists."""

    expiresAt: NotRequired[Time | None]
    """When the key ends: no later than the owner's, and with the owner's by default."""

    scope: NotRequired[NewScope | None]
    """What the key may do. Without it, all that the owner may, except sharing."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class ListAPIKeysParams(TypedDict):
    """What goes with `listAPIKeys`."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class RotateAPIKeyParams(TypedDict):
    """What goes with `rotateAPIKey`."""

    apiKey: NotRequired[APIKey | None]
    """The new key, for whoever keeps it itself and has saved it before: then a lost answer loses nothing, and the same call again gives the same answer. Without it, the vault makes one."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class RevokeAPIKeyParams(TypedDict):
    """What goes with `revokeAPIKey`."""

    keyId: NotRequired[KeyId | None]
    """Which key, from `listAPIKeys`; without it, the caller's own. 1003 for one that the namespace does not have, 1006 where a shared key names another."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class SetPersistentDataParams(TypedDict):
    """What goes with `setPersistentData`."""

    context: Context
    """Where the record is."""

    data: JsonObject
    """What is stored."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name. Without it, *the* object of its context."""

    ifRevision: NotRequired[Revision | None]
    """The revision that the record must have, 0 for none; else 2001."""

    expiresAt: NotRequired[Time | None]
    """When the record expires; without it, never. One in the past expires at once."""

    lease: NotRequired[Revision | None]
    """A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class GetPersistentDataParams(TypedDict):
    """What goes with `getPersistentData`."""

    context: Context
    """Where the record is."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name. Without it, *the* object of its context."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class GetPersistentRecordParams(TypedDict):
    """What goes with `getPersistentRecord`."""

    context: Context
    """Where the record is."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name. Without it, *the* object of its context."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class PatchPersistentDataParams(TypedDict):
    """What goes with `patchPersistentData`."""

    context: Context
    """Where the record is."""

    patch: MergePatch
    """What is changed."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name. Without it, *the* object of its context."""

    ifRevision: NotRequired[Revision | None]
    """The revision that the record must have, 0 for none; else 2001."""

    lease: NotRequired[Revision | None]
    """A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class DeletePersistentDataParams(TypedDict):
    """What goes with `deletePersistentData`."""

    context: Context
    """Where the record is."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The folder of a record in the context `workspace`: any absolute URI, open or not. May be left out when exactly one is open; has to be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name. Without it, *the* object of its context."""

    ifRevision: NotRequired[Revision | None]
    """The revision that the record must have, 0 for none; else 2001."""

    lease: NotRequired[Revision | None]
    """A fencing token: 3002 if it is not that of a live lease of the namespace, whichever its name and whichever key acquired it."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class ListPersistentDataParams(TypedDict):
    """What goes with `listPersistentData`."""

    context: NotRequired[Context | None]
    """Only records of this context."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """Only records of this folder."""

    limit: NotRequired[int | None]
    """At most so many entries; without it, all."""

    after: NotRequired[ListedBefore | None]
    """Only what comes after this record in the order, whether or not it is still there."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


MovePersistentDataParams = TypedDict(
    "MovePersistentDataParams",
    {
        "from": WorkspaceFolder,
        "to": WorkspaceFolder,
        "handle": NotRequired[Handle | None],
    },
)
"""What goes with `movePersistentData`."""


class WatchPersistentDataParams(TypedDict):
    """What goes with `watchPersistentData`."""

    since: NotRequired[Revision | None]
    """The revision up to which the client knows the records: the last `revision` that it was told. Without it, the last of the store."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class UnwatchPersistentDataParams(TypedDict):
    """What goes with `unwatchPersistentData`."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class AcquireLeaseParams(TypedDict):
    """What goes with `acquireLease`."""

    name: Name
    """The lease's name, in the key's namespace."""

    ttlMs: int
    """How long it is held without being renewed, in milliseconds."""

    waitMs: NotRequired[int | None]
    """How long the request waits where another holds it, in milliseconds; 0 by default."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class RenewLeaseParams(TypedDict):
    """What goes with `renewLease`."""

    name: Name
    """The lease's name."""

    lease: Revision
    """The fencing token that `acquireLease` gave. 3002 if it is not that of the live lease."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class ReleaseLeaseParams(TypedDict):
    """What goes with `releaseLease`."""

    name: Name
    """The lease's name."""

    lease: Revision
    """The fencing token that `acquireLease` gave. 3002 if it is not that of the live lease."""

    handle: NotRequired[Handle | None]
    """The key that is meant; may be left out while the connection has set exactly one."""


class VaultUnlockParams(TypedDict):
    """What goes with `vault/unlock`."""

    passphrase: NotRequired[Passphrase | None]
    """The passphrase, where the client has asked for it itself."""

    timeoutMs: NotRequired[int | None]
    """How long a person may take, in milliseconds; 60,000 by default."""


class CancelRequestParams(TypedDict):
    """What goes with `$/cancelRequest`."""

    id: str | float | None
    """The request's id."""


class SetTraceParams(TypedDict):
    """What goes with `$/setTrace`."""

    value: str


class WorkspaceDidChangeWorkspaceFoldersParams(TypedDict):
    """What goes with `workspace/didChangeWorkspaceFolders`."""

    event: dict[str, Any]


ERROR_CODES: Final[dict[ErrorKind, int]] = {
    # The message is not a JSON-RPC 2.0 request, or has no place here.
    "invalidRequest": -32600,
    # There is no such method.
    "methodNotFound": -32601,
    # A parameter is wrong; data says which and why.
    "invalidParams": -32602,
    # The vault has a fault; please report it.
    "internalError": -32603,
    # The message is not JSON in UTF-8, or its frame is malformed.
    "parseError": -32700,
    # The request was cancelled and not carried out.
    "requestCancelled": -32800,
    # No API key is meant: call setAPIKey, and pass its handle.
    "apiKeyRequired": 1001,
    # An API key is 40 hexadecimal digits.
    "apiKeyInvalid": 1002,
    # Nothing has been stored with this API key.
    "apiKeyUnknown": 1003,
    # The API key was revoked or replaced.
    "apiKeyRevoked": 1004,
    # The API key has expired; its data is kept.
    "apiKeyExpired": 1005,
    # The API key does not permit this.
    "notPermitted": 1006,
    # The record has another revision: read it again.
    "revisionConflict": 2001,
    # Over a limit; data.limit is the limit.
    "dataTooLarge": 2002,
    # Pass workspaceFolder: not exactly one folder is open.
    "workspaceFolderRequired": 2003,
    # A workspace folder is an absolute URI.
    "workspaceFolderInvalid": 2004,
    # The target has such a record already; nothing was moved.
    "targetExists": 2005,
    # Another holds the lease; data.expiresAt says until when.
    "leaseHeld": 3001,
    # The lease is not held any more: acquire it again.
    "leaseLost": 3002,
    # The store's key is not at hand; nothing is lost.
    "keyUnavailable": 4001,
    # The stored value is damaged; it is kept as it is.
    "recordDamaged": 4002,
    # The store is damaged, and nothing could replace it; its files are kept as they are.
    "storeDamaged": 4003,
    # The disk or the store is full; nothing was changed.
    "storeFull": 5001,
    # The store is busy; nothing was changed.
    "storeBusy": 5002,
    # The store was written by a later version: update plugin-vault.
    "formatTooNew": 5003,
    # Too much waits at once; take answers before asking for more.
    "overloaded": 5004,
    # The store can't be used as it lies there; the log says what to do.
    "storeRefused": 5005,
    # The store could not be read or written.
    "storeFailed": 5006,
}
"""The number of each kind of error."""

RETRYABLE: Final[frozenset[ErrorKind]] = frozenset({"requestCancelled", "leaseHeld", "storeFull", "storeBusy", "overloaded"})
"""The kinds of which the same call may succeed later with nothing else done."""

# method: its parameters -> its result
#   initialize: InitializeParams -> Initialized
#   shutdown: {} -> None
#   setAPIKey: SetAPIKeyParams -> KeySet
#   issueAPIKey: IssueAPIKeyParams -> IssuedKey
#   shareAPIKey: ShareAPIKeyParams -> NewKey
#   listAPIKeys: ListAPIKeysParams -> list[ListedKey]
#   rotateAPIKey: RotateAPIKeyParams -> NewKey
#   revokeAPIKey: RevokeAPIKeyParams -> RevokedKey
#   setPersistentData: SetPersistentDataParams -> Written
#   getPersistentData: GetPersistentDataParams -> JsonObject | None
#   getPersistentRecord: GetPersistentRecordParams -> PersistentRecord | None
#   patchPersistentData: PatchPersistentDataParams -> Written
#   deletePersistentData: DeletePersistentDataParams -> Deleted
#   listPersistentData: ListPersistentDataParams -> list[ListedRecord]
#   movePersistentData: MovePersistentDataParams -> Moved
#   watchPersistentData: WatchPersistentDataParams -> Watch
#   unwatchPersistentData: UnwatchPersistentDataParams -> Watch
#   acquireLease: AcquireLeaseParams -> Leased
#   renewLease: RenewLeaseParams -> Renewed
#   releaseLease: ReleaseLeaseParams -> Released
#   vault/status: {} -> Status
#   vault/unlock: VaultUnlockParams -> Unlocked
#   rpc.discover: {} -> OpenRPC
# notification from the server: its parameters
#   persistentData/didChange: DidChange
#   vault/didChangeStatus: Status
