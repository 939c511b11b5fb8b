"""The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.

`UPDATE=1 cargo test --features schema --test schema` writes it.
"""

from typing import Any, Final, Literal, NotRequired, TypeAlias, TypedDict


APIKey: TypeAlias = str
"""40 hexadecimal digits. They give access to the data: keep them secret."""


Context: TypeAlias = Literal["user"] | Literal["workspace"]
"""`user` has one set of records, `workspace` has one for each workspace folder."""


Name: TypeAlias = str
"""1 to 256 bytes of UTF-8, compared byte for byte."""


WorkspaceFolder: TypeAlias = str
"""The absolute URI of a workspace folder, open or not. plugin-vault normalises it: scheme and host in lower case, canonical percent-encoding, a drive letter in lower case, no slash at the end, no `localhost`. An authority that RFC 3986 does not define is kept as it is. Symbolic links are not followed."""


class Address(TypedDict):
    """The address of a record."""

    context: Context
    """The record's context."""

    name: NotRequired[Name]
    """The record's name; without it, the unnamed record of its context."""

    workspaceFolder: NotRequired[WorkspaceFolder]
    """The record's folder, for the context `workspace`. Optional while exactly one folder is open."""


class ApiKeyExpiredData(TypedDict):
    """The API key has expired, so it opens nothing; its data is kept. Extend it with `plugin-vault key extend`."""

    kind: Literal["apiKeyExpired"]

    retryable: Literal[False]


class ApiKeyInvalidData(TypedDict):
    """The text is not an API key, because it is not 40 hexadecimal digits. Pass a key as it was issued."""

    kind: Literal["apiKeyInvalid"]

    retryable: Literal[False]


class ApiKeyRequiredData(TypedDict):
    """It is not known which API key the request uses."""

    kind: Literal["apiKeyRequired"]

    retryable: Literal[False]

    reason: Literal["unselected"] | Literal["handle"] | Literal["refused"]
    """The cause."""


class ApiKeyRevokedData(TypedDict):
    """The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another."""

    kind: Literal["apiKeyRevoked"]

    retryable: Literal[False]


class ApiKeyUnknownData(TypedDict):
    """Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first."""

    kind: Literal["apiKeyUnknown"]

    retryable: Literal[False]


class VaultCapabilities(TypedDict):

    maxDataBytes: int
    """The length of the longest object that can be stored, in bytes of JSON text."""

    protocolVersion: int
    """The version of this contract. A client that needs a later version reports that and does not go on."""


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
    """The request would exceed a limit."""

    kind: Literal["dataTooLarge"]

    retryable: Literal[False]

    limit: int
    """The limit: bytes, records, handles, leases or keys."""

    reason: Literal["data"] | Literal["records"] | Literal["namespace"] | Literal["change"] | Literal["answer"] | Literal["batch"] | Literal["keys"] | Literal["pluginKeys"] | Literal["handles"] | Literal["leases"]
    """The cause."""


Revision: TypeAlias = int
"""A revision, or a lease's fencing token: strictly increasing over the whole store. 0 stands for a record that does not exist."""


class Deleted(TypedDict):
    """The result of a removal."""

    deleted: bool
    """Whether there was a record."""

    revision: Revision
    """The revision of the removal; 0 if there was no record."""


Handle: TypeAlias = str
"""Names a key on the connection where `setAPIKey` returned it."""


WatchEnd: TypeAlias = Literal["apiKeyRevoked"] | Literal["apiKeyExpired"]
"""Why a watch ends."""


class DidChange1(TypedDict):
    """A change notice."""

    context: Context
    """The record's context."""

    deleted: bool
    """Whether the record was deleted."""

    handle: Handle
    """The watch that this notice belongs to."""

    revision: Revision
    """The record's revision now."""

    name: NotRequired[Name]
    """The record's name; absent for the unnamed record of its context."""

    workspaceFolder: NotRequired[WorkspaceFolder]
    """The record's folder; absent for the context `user`."""


class DidChange2(TypedDict):
    """A change notice."""

    resync: Literal[True]
    """Marks this kind of notice."""

    handle: Handle
    """The watch that this notice belongs to."""

    revision: Revision
    """The revision up to which changes were missed."""


class DidChange3(TypedDict):
    """A change notice."""

    ended: WatchEnd
    """Why the watch ends."""

    handle: Handle
    """The watch that this notice belongs to."""

    revision: Revision
    """The revision up to which the client has its notices."""


DidChange: TypeAlias = DidChange1 | DidChange2 | DidChange3
"""A change notice."""


class FormatTooNewData(TypedDict):
    """A later version of plugin-vault wrote the store, so this version can't read it. Update plugin-vault."""

    kind: Literal["formatTooNew"]

    retryable: Literal[False]


class InternalErrorData(TypedDict):
    """plugin-vault has a fault, so the request was not carried out. Please report it."""

    kind: Literal["internalError"]

    retryable: Literal[False]


class InvalidParamsData(TypedDict):
    """A parameter breaks a rule of the method, so nothing was done."""

    kind: Literal["invalidParams"]

    retryable: Literal[False]

    parameter: str | int
    """The name of the parameter. For a parameter that the method does not have: its position, from 0, in the array or among the members."""

    reason: Literal["unknown"] | Literal["duplicate"] | Literal["missing"] | Literal["wrongType"] | Literal["outOfRange"]
    """What is wrong with the parameter."""


class InvalidRequestData(TypedDict):
    """The message is not a request that can be carried out."""

    kind: Literal["invalidRequest"]

    retryable: Literal[False]

    reason: Literal["message"] | Literal["batch"] | Literal["frame"] | Literal["phase"]
    """The cause."""


Protector: TypeAlias = Literal["key-file"] | Literal["keyring"] | Literal["passphrase"] | Literal["command"]
"""A kind of protector: a way to get the store key."""


class KeyUnavailableData(TypedDict):
    """The store key is not available; no data was lost."""

    kind: Literal["keyUnavailable"]

    protector: Protector
    """The protector that did not give the store key."""

    reason: Literal["locked"] | Literal["missing"] | Literal["wrong"] | Literal["denied"] | Literal["deadline"] | Literal["failed"] | Literal["programMissing"] | Literal["relativeProgram"] | Literal["invalidPassphrase"] | Literal["memory"]
    """The cause. `retryable` is true for `locked`, `deadline` and `memory`."""

    retryable: bool


Time: TypeAlias = str
"""An RFC 3339 date and time, from 1970 on. A parameter may have any offset from UTC; results are in UTC with milliseconds."""


class LeaseHeldData(TypedDict):
    """Another client has the lease, so it was not acquired. Try again at `data.expiresAt`, or wait with `waitMs`."""

    kind: Literal["leaseHeld"]

    retryable: Literal[True]

    expiresAt: Time
    """When the lease expires if it is not renewed."""


class LeaseLostData(TypedDict):
    """No live lease has this token, because it expired or was released. Acquire the lease again, then read again."""

    kind: Literal["leaseLost"]

    retryable: Literal[False]


class MethodNotFoundData(TypedDict):
    """plugin-vault has no method with that name, so nothing was done. Call `rpc.discover` for the list of methods."""

    kind: Literal["methodNotFound"]

    retryable: Literal[False]


class NotPermittedData(TypedDict):
    """The API key does not permit the request."""

    kind: Literal["notPermitted"]

    retryable: Literal[False]

    reason: Literal["scope"] | Literal["readOnly"] | Literal["owner"] | Literal["lease"]
    """The cause."""


class OverloadedData(TypedDict):
    """Too much waits; the request was not carried out."""

    kind: Literal["overloaded"]

    retryable: Literal[True]

    reason: Literal["answers"] | Literal["unlocks"] | Literal["leases"]
    """The cause."""


class ParseErrorData(TypedDict):
    """The message can't be read."""

    kind: Literal["parseError"]

    retryable: Literal[False]

    reason: Literal["json"] | Literal["frame"]
    """The cause."""


class RecordDamagedData(TypedDict):
    """A part of the store is damaged, and is kept as it is."""

    kind: Literal["recordDamaged"]

    retryable: Literal[False]

    reason: Literal["record"] | Literal["key"]
    """The cause."""


class RequestCancelledData(TypedDict):
    """The client cancelled the request, so it was not carried out. Send it again if it is still needed."""

    kind: Literal["requestCancelled"]

    retryable: Literal[True]


class RevisionConflictData(TypedDict):
    """The record does not have the revision `ifRevision`, so nothing was changed. Read it again, and repeat the change."""

    kind: Literal["revisionConflict"]

    retryable: Literal[False]

    revision: Revision
    """The record's revision; 0 if there is no record."""


class StoreBusyData(TypedDict):
    """The store is busy; nothing was changed."""

    kind: Literal["storeBusy"]

    retryable: Literal[True]

    reason: Literal["lock"] | Literal["opening"] | Literal["closing"] | Literal["readers"] | Literal["addressSpace"] | Literal["replaced"] | Literal["overtaken"] | Literal["threads"]
    """The cause."""

    process: NotRequired[int]
    """For `lock`: the id of the process that holds the write lock. Absent if the process is not known."""


class StoreDamagedData(TypedDict):
    """The store is damaged, and its files are kept as they are."""

    kind: Literal["storeDamaged"]

    retryable: Literal[False]

    reason: Literal["data"] | Literal["protectors"]
    """The cause."""


class StoreFailedData(TypedDict):
    """The store could not be read or written."""

    kind: Literal["storeFailed"]

    retryable: Literal[False]

    reason: Literal["inputOutput"] | Literal["commit"]
    """The cause."""

    outcome: NotRequired[Literal["unknown"]]
    """Present for `commit`: read before you write again."""


class StoreFullData(TypedDict):
    """The store has no room left; nothing was changed."""

    kind: Literal["storeFull"]

    retryable: Literal[True]

    reason: Literal["disk"] | Literal["limit"] | Literal["map"] | Literal["quarantine"] | Literal["revisions"]
    """The cause."""


class StoreRefusedData(TypedDict):
    """plugin-vault does not use the store in its present state."""

    kind: Literal["storeRefused"]

    retryable: Literal[False]

    reason: Literal["permissions"] | Literal["owner"] | Literal["platform"] | Literal["networkFileSystem"] | Literal["readOnly"] | Literal["link"] | Literal["fileType"] | Literal["access"]
    """The cause."""


class TargetExistsData(TypedDict):
    """The target folder has a record with the same name, so nothing was moved. Delete one of the two first."""

    kind: Literal["targetExists"]

    retryable: Literal[False]


class WorkspaceFolderInvalidData(TypedDict):
    """The workspace folder is not an absolute URI, so nothing was done. Pass one such as `file:///home/me/project`."""

    kind: Literal["workspaceFolderInvalid"]

    retryable: Literal[False]


class WorkspaceFolderRequiredData(TypedDict):
    """The request names no workspace folder, and not exactly one is open, so nothing was done. Pass `workspaceFolder`."""

    kind: Literal["workspaceFolderRequired"]

    retryable: Literal[False]


ErrorData: TypeAlias = ParseErrorData | InvalidRequestData | MethodNotFoundData | InvalidParamsData | InternalErrorData | RequestCancelledData | ApiKeyRequiredData | ApiKeyInvalidData | ApiKeyUnknownData | ApiKeyRevokedData | ApiKeyExpiredData | NotPermittedData | RevisionConflictData | DataTooLargeData | WorkspaceFolderRequiredData | WorkspaceFolderInvalidData | TargetExistsData | LeaseHeldData | LeaseLostData | KeyUnavailableData | RecordDamagedData | StoreDamagedData | StoreFullData | StoreBusyData | FormatTooNewData | OverloadedData | StoreRefusedData | StoreFailedData
"""`error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done."""


ErrorKind: TypeAlias = Literal["parseError"] | Literal["invalidRequest"] | Literal["methodNotFound"] | Literal["invalidParams"] | Literal["internalError"] | Literal["requestCancelled"] | Literal["apiKeyRequired"] | Literal["apiKeyInvalid"] | Literal["apiKeyUnknown"] | Literal["apiKeyRevoked"] | Literal["apiKeyExpired"] | Literal["notPermitted"] | Literal["revisionConflict"] | Literal["dataTooLarge"] | Literal["workspaceFolderRequired"] | Literal["workspaceFolderInvalid"] | Literal["targetExists"] | Literal["leaseHeld"] | Literal["leaseLost"] | Literal["keyUnavailable"] | Literal["recordDamaged"] | Literal["storeDamaged"] | Literal["storeFull"] | Literal["storeBusy"] | Literal["formatTooNew"] | Literal["overloaded"] | Literal["storeRefused"] | Literal["storeFailed"]
"""What went wrong, for programs. `message` is for people: there is one for each kind and reason."""


class ServerInfo(TypedDict):

    name: str

    version: str
    """The version of plugin-vault."""


class Initialized(TypedDict):
    """The capabilities and the version of the sidecar."""

    capabilities: Capabilities

    serverInfo: ServerInfo


KeyId: TypeAlias = str
"""Names a key and reveals nothing about it: 32 hexadecimal digits."""


class Scope(TypedDict):
    """What a shared key may do, if that is less than what its owner may do."""

    contexts: NotRequired[list[Context]]
    """The contexts that the key may use. If absent: all, or only `workspace` if `workspaceFolders` is present."""

    readOnly: NotRequired[bool]
    """Whether the key may only read."""

    workspaceFolders: NotRequired[list[WorkspaceFolder]]
    """The folders that the key may use; if absent, all."""


class IssuedKey(TypedDict):
    """A key that this call issued, or that the store keeps."""

    apiKey: APIKey
    """The key itself."""

    created: bool
    """Whether this call issued the key."""

    keyId: KeyId
    """The id of the key, for `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner key of its namespace."""

    expiresAt: NotRequired[Time]
    """When the key expires; absent if it never does."""

    installation: NotRequired[Name]
    """The installation that the store keeps the key for."""

    issuedAt: NotRequired[Time]
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    label: NotRequired[Name]
    """The name of the key in lists."""

    plugin: NotRequired[Name]
    """The plugin that the key was issued for."""

    scope: NotRequired[Scope]
    """What the key may do, if that is less than what its owner may do."""


JsonObject: TypeAlias = dict[str, Any]
"""A JSON object, kept byte for byte except for white space at its ends. Its length is at most `maxDataBytes` of `initialize`, 8 MiB by default."""


class Key(TypedDict):
    """The description of a key. It never contains the key itself."""

    keyId: KeyId
    """The id of the key, for `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner key of its namespace."""

    expiresAt: NotRequired[Time]
    """When the key expires; absent if it never does."""

    installation: NotRequired[Name]
    """The installation that the store keeps the key for."""

    issuedAt: NotRequired[Time]
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    label: NotRequired[Name]
    """The name of the key in lists."""

    plugin: NotRequired[Name]
    """The plugin that the key was issued for."""

    scope: NotRequired[Scope]
    """What the key may do, if that is less than what its owner may do."""


class KeySet(TypedDict):
    """The answer of `setAPIKey`."""

    handle: Handle
    """Names the key on this connection from now on."""

    expiresAt: NotRequired[Time]
    """When the key expires; absent if it never does."""

    installation: NotRequired[Name]
    """The installation that the store keeps the key for."""

    issuedAt: NotRequired[Time]
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    keyId: NotRequired[KeyId]
    """The id of the key, for `revokeAPIKey`."""

    known: NotRequired[bool]
    """Whether anything was stored with the key, or the key was issued in this store."""

    label: NotRequired[Name]
    """The name of the key in lists."""

    owner: NotRequired[bool]
    """Whether it is the owner key of its namespace."""

    plugin: NotRequired[Name]
    """The plugin that the key was issued for."""

    scope: NotRequired[Scope]
    """What the key may do, if that is less than what its owner may do."""


class Leased(TypedDict):
    """A lease that was acquired."""

    expiresAt: Time
    """When the lease expires if it is not renewed."""

    lease: Revision
    """The fencing token: a number that only increases."""


class ListedBefore(TypedDict):
    """Names a record, as an entry of a list does. The other members of an entry may be present too."""

    context: Context

    name: NotRequired[Name]

    workspaceFolder: NotRequired[WorkspaceFolder]


class ListedKey(TypedDict):
    """A key in the answer of `listAPIKeys`."""

    current: bool
    """Whether it is the caller's own key."""

    keyId: KeyId
    """The id of the key, for `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner key of its namespace."""

    expiresAt: NotRequired[Time]
    """When the key expires; absent if it never does."""

    installation: NotRequired[Name]
    """The installation that the store keeps the key for."""

    issuedAt: NotRequired[Time]
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    label: NotRequired[Name]
    """The name of the key in lists."""

    plugin: NotRequired[Name]
    """The plugin that the key was issued for."""

    scope: NotRequired[Scope]
    """What the key may do, if that is less than what its owner may do."""


class ListedRecord(TypedDict):
    """A record in the answer of `listPersistentData`."""

    bytes: int
    """The length of the record's text, in bytes."""

    context: Context
    """The record's context."""

    createdAt: Time
    """When the record was first written."""

    revision: Revision
    """The revision of the last change."""

    updatedAt: Time
    """When the record was last written."""

    expiresAt: NotRequired[Time]
    """When the record expires; absent if it never does."""

    name: NotRequired[Name]
    """The record's name; absent for the unnamed record of its context."""

    workspaceFolder: NotRequired[WorkspaceFolder]
    """The record's folder; absent for the context `user`."""


MergePatch: TypeAlias = dict[str, Any]
"""A merge patch (RFC 7396): its members replace those of the record, and `null` removes one. It has at most 128 levels, and is no longer than an object that can be stored."""


class Moved(TypedDict):
    """The result of a move."""

    moved: int
    """How many records were moved."""

    revision: Revision
    """The last of their revisions; 0 if no record was moved."""


class NewKey(TypedDict):
    """A key and its description, for the caller that asked for it."""

    apiKey: APIKey
    """The key itself."""

    keyId: KeyId
    """The id of the key, for `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner key of its namespace."""

    expiresAt: NotRequired[Time]
    """When the key expires; absent if it never does."""

    installation: NotRequired[Name]
    """The installation that the store keeps the key for."""

    issuedAt: NotRequired[Time]
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    label: NotRequired[Name]
    """The name of the key in lists."""

    plugin: NotRequired[Name]
    """The plugin that the key was issued for."""

    scope: NotRequired[Scope]
    """What the key may do, if that is less than what its owner may do."""


class NewScope(TypedDict):
    """The scope of a new key. `null` means that a member is absent."""

    contexts: NotRequired[list[Context] | None]

    readOnly: NotRequired[bool | None]

    workspaceFolders: NotRequired[list[WorkspaceFolder] | None]


OpenFolders: TypeAlias = list[dict[str, Any]]
"""LSP's `WorkspaceFolder`s. Several spellings of one folder count as one. Each element is an open folder. If its `uri` is not an absolute URI, nothing can be stored in that folder."""


OpenRPC: TypeAlias = dict[str, Any]
"""This OpenRPC document."""


Passphrase: TypeAlias = str
"""A passphrase of the store: up to 64 KiB of UTF-8 without control characters. plugin-vault removes a leading byte-order mark, replaces every other kind of space by U+0020, and converts the text to Normalization Form C, so that the passphrase opens the store however it was typed. The result must not be empty."""


Path: TypeAlias = str
"""A path on this machine."""


class PersistentRecord(TypedDict):
    """A record with its revision and its dates."""

    createdAt: Time
    """When the record was first written."""

    data: JsonObject
    """The stored object, byte for byte."""

    revision: Revision
    """The revision of the last change."""

    updatedAt: Time
    """When the record was last written."""

    expiresAt: NotRequired[Time]
    """When the record expires; absent if it never does."""

    restored: NotRequired[Literal[True]]
    """Present if the record came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since. It may not be what was stored last. A token in it may be spent."""


ProcessId: TypeAlias = float
"""The id of a process on this machine. A number that no operating system uses as one is ignored."""


class Protects(TypedDict):
    """What the protectors guard against."""

    copiesOfTheDataFolder: bool
    """An attacker who has a copy of the data folder and nothing else."""

    otherUsers: bool
    """Other users of the machine; `false` if others may read the key file."""

    stolenDisk: bool
    """An attacker who has the disk."""


class Released(TypedDict):
    """A lease that was released."""

    released: Literal[True]


class Renewed(TypedDict):
    """A lease that was renewed."""

    expiresAt: Time
    """When the lease expires if it is not renewed again."""


class Repaired(TypedDict):
    """What a repair of a damaged store did."""

    at: Time
    """When the repair took place."""

    kept: int
    """How many records were intact."""

    lost: NotRequired[int]
    """How many records were not intact; absent if this can't be known."""

    quarantine: NotRequired[Path]
    """The folder with the damaged file."""

    restoredFrom: NotRequired[Time]
    """When the backup was taken that the repair restored; absent if it restored none."""


class RevokedKey(TypedDict):
    """A key that was revoked."""

    revoked: Literal[True]

    destroyed: bool
    """Whether it was an owner key, so that its namespace was destroyed with all records and shared keys."""


RootPath: TypeAlias = str
"""An absolute path. Any other text counts as an open folder in which nothing can be stored."""


RootUri: TypeAlias = str
"""An absolute URI. Any other text counts as an open folder in which nothing can be stored."""


StoreId: TypeAlias = str
"""The id of a store."""


class Status(TypedDict):
    """The state of the store and of its protection."""

    bytes: int
    """The size of the store on the disk, in bytes."""

    dataDir: Path
    """The folder where the store is, or would be."""

    formatVersion: int
    """The version of the disk format."""

    keyAvailable: bool
    """Whether methods that need data work now."""

    protectors: list[Protector]
    """All protectors that can open the store."""

    protects: Protects
    """What all protectors together guard against, as they are set up now. A member is also `false` if this can't be known."""

    records: int
    """The number of records, of all plugins."""

    protector: NotRequired[Protector]
    """The protector that opened the store."""

    repaired: NotRequired[Repaired]
    """What the last repair of a damaged store did; absent if there was none."""

    storeId: NotRequired[StoreId]
    """The id of the store; absent if there is no store yet."""


class Unlocked(TypedDict):
    """Whether the store key is available."""

    keyAvailable: bool
    """Whether methods that need data work now; `false` if there is no store yet."""


class Watch(TypedDict):
    """The state of a watch."""

    revision: Revision
    """The revision up to which the client has its notices."""

    watching: bool
    """Whether the client gets change notices from now on."""


class Written(TypedDict):
    """The result of a write."""

    revision: Revision
    """The record's revision now."""


class InitializeParams(TypedDict):
    """What goes with `initialize`."""

    processId: NotRequired[ProcessId | None]
    """The client's process. The sidecar ends when this process has ended."""

    rootUri: NotRequired[RootUri | None]
    """The open folder, from clients that support only one."""

    rootPath: NotRequired[RootPath | None]
    """The open folder as a path, from older clients."""

    workspaceFolders: NotRequired[OpenFolders | None]
    """The open folders. `[]` means that no folder is open; `null` means the same as no member."""


class SetAPIKeyParams(TypedDict):
    """What goes with `setAPIKey`."""

    apiKey: APIKey
    """The API key."""

    mustExist: NotRequired[bool | None]
    """Whether to refuse a key with which nothing was stored yet (1003); `false` by default."""


class IssueAPIKeyParams(TypedDict):
    """What goes with `issueAPIKey`."""

    plugin: Name
    """What the user installed, like `publisher.name`. It is a claim, not a proof."""

    installation: NotRequired[Name | None]
    """Which installation of the plugin, like `vscode` or `nvim-work`. Without it, the caller keeps the key itself."""

    label: NotRequired[Name | None]
    """The name of the key in lists."""

    expiresAt: NotRequired[Time | None]
    """When the key expires; without it, never."""


class ShareAPIKeyParams(TypedDict):
    """What goes with `shareAPIKey`."""

    label: NotRequired[Name | None]
    """The name of the key in lists."""

    expiresAt: NotRequired[Time | None]
    """When the key expires: no later than the owner key, and by default together with it."""

    scope: NotRequired[NewScope | None]
    """What the key may do. Without it, everything that the owner may do, except sharing."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class ListAPIKeysParams(TypedDict):
    """What goes with `listAPIKeys`."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class RotateAPIKeyParams(TypedDict):
    """What goes with `rotateAPIKey`."""

    apiKey: NotRequired[APIKey | None]
    """The new key, for a caller that keeps its key itself and has saved the new one before the call. A lost answer then loses nothing, and the same call gives the same answer again. Without it, plugin-vault generates the key."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class RevokeAPIKeyParams(TypedDict):
    """What goes with `revokeAPIKey`."""

    keyId: NotRequired[KeyId | None]
    """The id of the key to revoke, from `listAPIKeys`; without it, the caller's own key. The call fails with 1003 for a key that the namespace does not have, and with 1006 if a shared key names another key."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class SetPersistentDataParams(TypedDict):
    """What goes with `setPersistentData`."""

    context: Context
    """The record's context."""

    data: JsonObject
    """The object to store."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name; without it, the unnamed record of its context."""

    ifRevision: NotRequired[Revision | None]
    """The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001."""

    expiresAt: NotRequired[Time | None]
    """When the record expires; without it, never. With a time in the past, the record expires at once."""

    lease: NotRequired[Revision | None]
    """A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class GetPersistentDataParams(TypedDict):
    """What goes with `getPersistentData`."""

    context: Context
    """The record's context."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name; without it, the unnamed record of its context."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class GetPersistentRecordParams(TypedDict):
    """What goes with `getPersistentRecord`."""

    context: Context
    """The record's context."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name; without it, the unnamed record of its context."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class PatchPersistentDataParams(TypedDict):
    """What goes with `patchPersistentData`."""

    context: Context
    """The record's context."""

    patch: MergePatch
    """The changes."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name; without it, the unnamed record of its context."""

    ifRevision: NotRequired[Revision | None]
    """The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001."""

    lease: NotRequired[Revision | None]
    """A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class DeletePersistentDataParams(TypedDict):
    """What goes with `deletePersistentData`."""

    context: Context
    """The record's context."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder is open. Must be absent for `user`."""

    name: NotRequired[Name | None]
    """The record's name; without it, the unnamed record of its context."""

    ifRevision: NotRequired[Revision | None]
    """The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001."""

    lease: NotRequired[Revision | None]
    """A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the name of the lease and whichever key acquired it."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class ListPersistentDataParams(TypedDict):
    """What goes with `listPersistentData`."""

    context: NotRequired[Context | None]
    """Only records of this context."""

    workspaceFolder: NotRequired[WorkspaceFolder | None]
    """Only records of this folder."""

    limit: NotRequired[int | None]
    """The most entries to return, from 1 to 1,000; without it, all."""

    after: NotRequired[ListedBefore | None]
    """Only records that follow this one in the order. The record itself need not exist any more."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


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
    """The revision up to which the client knows the records: the last `revision` that it received. Without it, the latest revision of the store."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class UnwatchPersistentDataParams(TypedDict):
    """What goes with `unwatchPersistentData`."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class AcquireLeaseParams(TypedDict):
    """What goes with `acquireLease`."""

    name: Name
    """The name of the lease, in the key's namespace."""

    ttlMs: int
    """How long the lease lasts without being renewed, in milliseconds."""

    waitMs: NotRequired[int | None]
    """How long the request waits while the lease is held, in milliseconds; 0 by default."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class RenewLeaseParams(TypedDict):
    """What goes with `renewLease`."""

    name: Name
    """The name of the lease."""

    lease: Revision
    """The fencing token from `acquireLease`. The call fails with 3002 if it is not the token of the live lease."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class ReleaseLeaseParams(TypedDict):
    """What goes with `releaseLease`."""

    name: Name
    """The name of the lease."""

    lease: Revision
    """The fencing token from `acquireLease`. The call fails with 3002 if it is not the token of the live lease."""

    handle: NotRequired[Handle | None]
    """The key to use. Optional while the connection has set exactly one."""


class VaultUnlockParams(TypedDict):
    """What goes with `vault/unlock`."""

    passphrase: NotRequired[Passphrase | None]
    """The passphrase, if the client has asked for it itself."""

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
    # The message is not a request that can be carried out.
    "invalidRequest": -32600,
    # plugin-vault has no method with that name, so nothing was done. Call `rpc.discover` for the list of methods.
    "methodNotFound": -32601,
    # A parameter breaks a rule of the method, so nothing was done.
    "invalidParams": -32602,
    # plugin-vault has a fault, so the request was not carried out. Please report it.
    "internalError": -32603,
    # The message can't be read.
    "parseError": -32700,
    # The client cancelled the request, so it was not carried out. Send it again if it is still needed.
    "requestCancelled": -32800,
    # It is not known which API key the request uses.
    "apiKeyRequired": 1001,
    # The text is not an API key, because it is not 40 hexadecimal digits. Pass a key as it was issued.
    "apiKeyInvalid": 1002,
    # Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first.
    "apiKeyUnknown": 1003,
    # The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another.
    "apiKeyRevoked": 1004,
    # The API key has expired, so it opens nothing; its data is kept. Extend it with `plugin-vault key extend`.
    "apiKeyExpired": 1005,
    # The API key does not permit the request.
    "notPermitted": 1006,
    # The record does not have the revision `ifRevision`, so nothing was changed. Read it again, and repeat the change.
    "revisionConflict": 2001,
    # The request would exceed a limit.
    "dataTooLarge": 2002,
    # The request names no workspace folder, and not exactly one is open, so nothing was done. Pass `workspaceFolder`.
    "workspaceFolderRequired": 2003,
    # The workspace folder is not an absolute URI, so nothing was done. Pass one such as `file:///home/me/project`.
    "workspaceFolderInvalid": 2004,
    # The target folder has a record with the same name, so nothing was moved. Delete one of the two first.
    "targetExists": 2005,
    # Another client has the lease, so it was not acquired. Try again at `data.expiresAt`, or wait with `waitMs`.
    "leaseHeld": 3001,
    # No live lease has this token, because it expired or was released. Acquire the lease again, then read again.
    "leaseLost": 3002,
    # The store key is not available; no data was lost.
    "keyUnavailable": 4001,
    # A part of the store is damaged, and is kept as it is.
    "recordDamaged": 4002,
    # The store is damaged, and its files are kept as they are.
    "storeDamaged": 4003,
    # The store has no room left; nothing was changed.
    "storeFull": 5001,
    # The store is busy; nothing was changed.
    "storeBusy": 5002,
    # A later version of plugin-vault wrote the store, so this version can't read it. Update plugin-vault.
    "formatTooNew": 5003,
    # Too much waits; the request was not carried out.
    "overloaded": 5004,
    # plugin-vault does not use the store in its present state.
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
