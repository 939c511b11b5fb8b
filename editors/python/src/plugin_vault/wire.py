"""The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.

`UPDATE=1 cargo test --features schema --test schema` writes it.
"""

from typing import Any, Dict, Generic, List, Literal, Optional, TypedDict, TypeVar, Union

Result = TypeVar("Result")


class Method(str, Generic[Result]):
    """The name of a method, with the type of its result."""


APIKey = str
"""40 hexadecimal digits. They give access to the data: keep them secret."""


Context = Literal["user", "workspace"]
"""`user` has one set of records, `workspace` has one for each workspace folder."""


Name = str
"""1 to 256 bytes of UTF-8, compared byte for byte."""


WorkspaceFolder = str
"""The absolute URI of a workspace folder, open or not. plugin-vault normalises it: scheme and host in lower case, canonical percent-encoding, a drive letter in lower case, no slash at the end, no `localhost`. An authority that RFC 3986 does not define is kept as it is. Symbolic links are not followed."""


class _Address(TypedDict):

    context: Context
    """The record's context."""


class Address(_Address, total=False):
    """The address of a record."""

    name: Name
    """The record's name; without it, the unnamed record of its context."""

    workspaceFolder: WorkspaceFolder
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

    reason: Literal["unselected", "handle", "refused"]
    """The cause."""


class ApiKeyRevokedData(TypedDict):
    """The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another."""

    kind: Literal["apiKeyRevoked"]

    retryable: Literal[False]


class ApiKeyUnknownData(TypedDict):
    """Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first."""

    kind: Literal["apiKeyUnknown"]

    retryable: Literal[False]


class Relayed(TypedDict):
    """The key that a relay has bound the connection to."""

    handle: str
    """The handle of that key. A call may leave it out."""


class _VaultCapabilities(TypedDict):

    maxDataBytes: int
    """The length of the longest object that can be stored, in bytes of JSON text."""

    protocolVersion: int
    """The version of this contract. A client that needs a later version reports that and does not go on."""


class VaultCapabilities(_VaultCapabilities, total=False):

    relay: Relayed
    """Present if the connection comes through `plugin-vault relay`, which has bound it to one key."""


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

    reason: Literal["data", "records", "namespace", "change", "answer", "batch", "keys", "pluginKeys", "handles", "leases"]
    """The cause."""


Revision = int
"""A revision, or a lease's fencing token: strictly increasing over the whole store. 0 stands for a record that does not exist."""


class Deleted(TypedDict):
    """The result of a removal."""

    deleted: bool
    """Whether there was a record."""

    revision: Revision
    """The revision of the removal; 0 if there was no record."""


Handle = str
"""Names a key on the connection where `setAPIKey` returned it."""


WatchEnd = Literal["apiKeyRevoked", "apiKeyExpired"]
"""Why a watch ends."""


class _DidChange1(TypedDict):

    context: Context
    """The record's context."""

    deleted: bool
    """Whether the record was deleted."""

    handle: Handle
    """The watch that this notice belongs to."""

    revision: Revision
    """The record's revision now."""


class DidChange1(_DidChange1, total=False):
    """A change notice."""

    name: Name
    """The record's name; absent for the unnamed record of its context."""

    workspaceFolder: WorkspaceFolder
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


DidChange = Union[DidChange1, DidChange2, DidChange3]
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

    parameter: Union[str, int]
    """The name of the parameter. For a parameter that the method does not have: its position, from 0, in the array or among the members."""

    reason: Literal["unknown", "duplicate", "missing", "wrongType", "outOfRange"]
    """What is wrong with the parameter."""


class InvalidRequestData(TypedDict):
    """The message is not a request that can be carried out."""

    kind: Literal["invalidRequest"]

    retryable: Literal[False]

    reason: Literal["message", "batch", "frame", "phase"]
    """The cause."""


Protector = Literal["key-file", "keyring", "passphrase", "command"]
"""A kind of protector: a way to get the store key."""


class KeyUnavailableData(TypedDict):
    """The store key is not available; no data was lost."""

    kind: Literal["keyUnavailable"]

    protector: Protector
    """The protector that did not give the store key."""

    reason: Literal["locked", "missing", "wrong", "denied", "deadline", "failed", "programMissing", "relativeProgram", "invalidPassphrase", "memory"]
    """The cause. `retryable` is true for `locked`, `deadline` and `memory`."""

    retryable: bool


Time = str
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

    reason: Literal["scope", "readOnly", "owner", "lease", "relay"]
    """The cause."""


class OverloadedData(TypedDict):
    """Too much waits; the request was not carried out."""

    kind: Literal["overloaded"]

    retryable: Literal[True]

    reason: Literal["answers", "unlocks", "leases"]
    """The cause."""


class ParseErrorData(TypedDict):
    """The message can't be read."""

    kind: Literal["parseError"]

    retryable: Literal[False]

    reason: Literal["json", "frame"]
    """The cause."""


class RecordDamagedData(TypedDict):
    """A part of the store is damaged, and is kept as it is."""

    kind: Literal["recordDamaged"]

    retryable: Literal[False]

    reason: Literal["record", "key"]
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


class _StoreBusyData(TypedDict):

    kind: Literal["storeBusy"]

    retryable: Literal[True]

    reason: Literal["lock", "opening", "closing", "readers", "addressSpace", "replaced", "overtaken", "threads"]
    """The cause."""


class StoreBusyData(_StoreBusyData, total=False):
    """The store is busy; nothing was changed."""

    process: int
    """For `lock`: the id of the process that holds the write lock. Absent if the process is not known."""


class StoreDamagedData(TypedDict):
    """The store is damaged, and its files are kept as they are."""

    kind: Literal["storeDamaged"]

    retryable: Literal[False]

    reason: Literal["data", "protectors"]
    """The cause."""


class _StoreFailedData(TypedDict):

    kind: Literal["storeFailed"]

    retryable: Literal[False]

    reason: Literal["inputOutput", "commit", "unanswered"]
    """The cause."""


class StoreFailedData(_StoreFailedData, total=False):
    """The store could not be read or written."""

    outcome: Literal["unknown"]
    """Present for `commit` and `unanswered`: read before you write again."""


class StoreFullData(TypedDict):
    """The store has no room left; nothing was changed."""

    kind: Literal["storeFull"]

    retryable: Literal[True]

    reason: Literal["disk", "limit", "map", "quarantine", "revisions", "server"]
    """The cause."""


class StoreRefusedData(TypedDict):
    """plugin-vault does not use the store in its present state."""

    kind: Literal["storeRefused"]

    retryable: Literal[False]

    reason: Literal["permissions", "owner", "platform", "networkFileSystem", "readOnly", "link", "fileType", "access", "serverRefused", "serverWentBack", "offlineTooLong", "notJoined", "otherStore"]
    """The cause."""


class StoreUnreachableData(TypedDict):
    """The server of the shared store can't be reached; nothing was changed, and what is here can be read. Call again once the network is there."""

    kind: Literal["storeUnreachable"]

    retryable: Literal[True]


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


ErrorData = Union[ParseErrorData, InvalidRequestData, MethodNotFoundData, InvalidParamsData, InternalErrorData, RequestCancelledData, ApiKeyRequiredData, ApiKeyInvalidData, ApiKeyUnknownData, ApiKeyRevokedData, ApiKeyExpiredData, NotPermittedData, RevisionConflictData, DataTooLargeData, WorkspaceFolderRequiredData, WorkspaceFolderInvalidData, TargetExistsData, LeaseHeldData, LeaseLostData, KeyUnavailableData, RecordDamagedData, StoreDamagedData, StoreFullData, StoreBusyData, FormatTooNewData, OverloadedData, StoreRefusedData, StoreFailedData, StoreUnreachableData]
"""`error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done."""


ErrorKind = Literal["parseError", "invalidRequest", "methodNotFound", "invalidParams", "internalError", "requestCancelled", "apiKeyRequired", "apiKeyInvalid", "apiKeyUnknown", "apiKeyRevoked", "apiKeyExpired", "notPermitted", "revisionConflict", "dataTooLarge", "workspaceFolderRequired", "workspaceFolderInvalid", "targetExists", "leaseHeld", "leaseLost", "keyUnavailable", "recordDamaged", "storeDamaged", "storeFull", "storeBusy", "formatTooNew", "overloaded", "storeRefused", "storeFailed", "storeUnreachable"]
"""What went wrong, for programs. `message` is for people: there is one for each kind and reason."""


class _FoundIn(TypedDict):

    context: Context
    """The record's context."""


class FoundIn(_FoundIn, total=False):
    """Where an inherited record was found."""

    workspaceFolder: WorkspaceFolder
    """The record's folder; absent for the context `user`."""


class ServerInfo(TypedDict):

    name: str

    version: str
    """The version of plugin-vault."""


class Initialized(TypedDict):
    """The capabilities and the version of the sidecar."""

    capabilities: Capabilities

    serverInfo: ServerInfo


KeyId = str
"""Names a key and reveals nothing about it: 32 hexadecimal digits."""


class Scope(TypedDict, total=False):
    """What a shared key may do, if that is less than what its owner may do."""

    contexts: List[Context]
    """The contexts that the key may use. If absent: all, or only `workspace` if `workspaceFolders` is present."""

    machine: str
    """The machine that has the folders, where several machines share the store; absent for the machine without a name."""

    readOnly: bool
    """Whether the key may only read."""

    workspaceFolders: List[WorkspaceFolder]
    """The folders that the key may use; if absent, all."""


class _IssuedKey(TypedDict):

    apiKey: APIKey
    """The key itself."""

    created: bool
    """Whether this call issued the key."""

    keyId: KeyId
    """The id of the key, for `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner key of its namespace."""


class IssuedKey(_IssuedKey, total=False):
    """A key that this call issued, or that the store keeps."""

    expiresAt: Time
    """When the key expires; absent if it never does."""

    installation: Name
    """The installation that the store keeps the key for."""

    issuedAt: Time
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    label: Name
    """The name of the key in lists."""

    plugin: Name
    """The plugin that the key was issued for."""

    scope: Scope
    """What the key may do, if that is less than what its owner may do."""


JsonObject = Dict[str, Any]
"""A JSON object, kept byte for byte except for white space at its ends. Its length is at most `maxDataBytes` of `initialize`, 8 MiB by default."""


class _Key(TypedDict):

    keyId: KeyId
    """The id of the key, for `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner key of its namespace."""


class Key(_Key, total=False):
    """The description of a key. It never contains the key itself."""

    expiresAt: Time
    """When the key expires; absent if it never does."""

    installation: Name
    """The installation that the store keeps the key for."""

    issuedAt: Time
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    label: Name
    """The name of the key in lists."""

    plugin: Name
    """The plugin that the key was issued for."""

    scope: Scope
    """What the key may do, if that is less than what its owner may do."""


class _KeySet(TypedDict):

    handle: Handle
    """Names the key on this connection from now on."""


class KeySet(_KeySet, total=False):
    """The answer of `setAPIKey`."""

    expiresAt: Time
    """When the key expires; absent if it never does."""

    installation: Name
    """The installation that the store keeps the key for."""

    issuedAt: Time
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    keyId: KeyId
    """The id of the key, for `revokeAPIKey`."""

    known: bool
    """Whether anything was stored with the key, or the key was issued in this store."""

    label: Name
    """The name of the key in lists."""

    owner: bool
    """Whether it is the owner key of its namespace."""

    plugin: Name
    """The plugin that the key was issued for."""

    scope: Scope
    """What the key may do, if that is less than what its owner may do."""


class Leased(TypedDict):
    """A lease that was acquired."""

    expiresAt: Time
    """When the lease expires if it is not renewed."""

    lease: Revision
    """The fencing token: a number that only increases."""


class _ListedBefore(TypedDict):

    context: Context


class ListedBefore(_ListedBefore, total=False):
    """Names a record, as an entry of a list does. The other members of an entry may be present too."""

    name: Name

    workspaceFolder: WorkspaceFolder


class _ListedKey(TypedDict):

    current: bool
    """Whether it is the caller's own key."""

    keyId: KeyId
    """The id of the key, for `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner key of its namespace."""


class ListedKey(_ListedKey, total=False):
    """A key in the answer of `listAPIKeys`."""

    expiresAt: Time
    """When the key expires; absent if it never does."""

    installation: Name
    """The installation that the store keeps the key for."""

    issuedAt: Time
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    label: Name
    """The name of the key in lists."""

    plugin: Name
    """The plugin that the key was issued for."""

    scope: Scope
    """What the key may do, if that is less than what its owner may do."""


class _ListedRecord(TypedDict):

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


class ListedRecord(_ListedRecord, total=False):
    """A record in the answer of `listPersistentData`."""

    expiresAt: Time
    """When the record expires; absent if it never does."""

    name: Name
    """The record's name; absent for the unnamed record of its context."""

    workspaceFolder: WorkspaceFolder
    """The record's folder; absent for the context `user`."""


NotLockable = Literal["noStore", "keyFile"]
"""Why a store can't be locked."""


class _Locked(TypedDict):

    locked: bool
    """Whether the store is locked now."""


class Locked(_Locked, total=False):
    """Whether the store is locked."""

    reason: NotLockable
    """Why the store can't be locked; absent if it is locked."""


MergePatch = Dict[str, Any]
"""A merge patch (RFC 7396): its members replace those of the record, and `null` removes one. It has at most 128 levels, and is no longer than an object that can be stored."""


class Moved(TypedDict):
    """The result of a move."""

    moved: int
    """How many records were moved."""

    revision: Revision
    """The last of their revisions; 0 if no record was moved."""


class _NewKey(TypedDict):

    apiKey: APIKey
    """The key itself."""

    keyId: KeyId
    """The id of the key, for `revokeAPIKey`."""

    owner: bool
    """Whether it is the owner key of its namespace."""


class NewKey(_NewKey, total=False):
    """A key and its description, for the caller that asked for it."""

    expiresAt: Time
    """When the key expires; absent if it never does."""

    installation: Name
    """The installation that the store keeps the key for."""

    issuedAt: Time
    """When plugin-vault issued the key; absent for a key that it did not issue."""

    label: Name
    """The name of the key in lists."""

    plugin: Name
    """The plugin that the key was issued for."""

    scope: Scope
    """What the key may do, if that is less than what its owner may do."""


class NewScope(TypedDict, total=False):
    """The scope of a new key. `null` means that a member is absent."""

    contexts: Optional[List[Context]]

    readOnly: Optional[bool]

    workspaceFolders: Optional[List[WorkspaceFolder]]


OpenFolders = List[Dict[str, Any]]
"""LSP's `WorkspaceFolder`s. Several spellings of one folder count as one. Each element is an open folder. If its `uri` is not an absolute URI, nothing can be stored in that folder."""


OpenRPC = Dict[str, Any]
"""This OpenRPC document."""


Passphrase = str
"""A passphrase of the store: up to 64 KiB of UTF-8 without control characters. plugin-vault removes a leading byte-order mark, replaces every other kind of space by U+0020, and converts the text to Normalization Form C, so that the passphrase opens the store however it was typed. The result must not be empty."""


Path = str
"""A path on this machine."""


class _PersistentRecord(TypedDict):

    createdAt: Time
    """When the record was first written."""

    data: JsonObject
    """The stored object, byte for byte."""

    revision: Revision
    """The revision of the last change."""

    updatedAt: Time
    """When the record was last written."""


class PersistentRecord(_PersistentRecord, total=False):
    """A record with its revision and its dates."""

    expiresAt: Time
    """When the record expires; absent if it never does."""

    foundIn: FoundIn
    """Where the record was found; present with `inherit`."""

    restored: Literal[True]
    """Present if the record came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since. It may not be what was stored last. A token in it may be spent."""


ProcessId = float
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


class _Remote(TypedDict):

    state: Literal["current", "offline", "refused", "wentBack"]
    """How this machine and the server are to each other."""


class Remote(_Remote, total=False):
    """How a store that several machines share is connected to its server."""

    asOf: Time
    """When the server last confirmed what this machine holds, by the server's clock; absent if that is not known."""


class Renewed(TypedDict):
    """A lease that was renewed."""

    expiresAt: Time
    """When the lease expires if it is not renewed again."""


class _Repaired(TypedDict):

    at: Time
    """When the repair took place."""

    kept: int
    """How many records were intact."""


class Repaired(_Repaired, total=False):
    """What a repair of a damaged store did."""

    lost: int
    """How many records were not intact; absent if this can't be known."""

    quarantine: Path
    """The folder with the damaged file."""

    restoredFrom: Time
    """When the backup was taken that the repair restored; absent if it restored none."""


class RevokedKey(TypedDict):
    """A key that was revoked."""

    revoked: Literal[True]

    destroyed: bool
    """Whether it was an owner key, so that its namespace was destroyed with all records and shared keys."""


RootPath = str
"""An absolute path. Any other text counts as an open folder in which nothing can be stored."""


RootUri = str
"""An absolute URI. Any other text counts as an open folder in which nothing can be stored."""


StoreId = str
"""The id of a store."""


class _Status(TypedDict):

    bytes: int
    """The size of the store on the disk, in bytes. 0 through a relay."""

    dataDir: Path
    """The folder where the store is, or would be."""

    formatVersion: int
    """The version of the disk format."""

    keyAvailable: bool
    """Whether methods that need data work now."""

    locked: bool
    """Whether the store was locked, with `vault/lock` or `plugin-vault lock`. Then only `vault/unlock` gets its key."""

    protectors: List[Protector]
    """All protectors that can open the store."""

    protects: Protects
    """What all protectors together guard against, as they are set up now. A member is also `false` if this can't be known."""

    records: int
    """The number of records, of all plugins. 0 through a relay."""


class Status(_Status, total=False):
    """The state of the store and of its protection."""

    protector: Protector
    """The protector that opened the store."""

    relay: bool
    """Present and `true` through a relay: the store is then on the machine of the relay, and `dataDir` is a folder there."""

    remote: Remote
    """The state of a store that several machines share; absent for a store of one machine."""

    repaired: Repaired
    """What the last repair of a damaged store did; absent if there was none, and through a relay."""

    storeId: StoreId
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


# The methods.
INITIALIZE: Method[Initialized] = Method("initialize")
SHUTDOWN: Method[None] = Method("shutdown")
SET_API_KEY: Method[KeySet] = Method("setAPIKey")
ISSUE_API_KEY: Method[IssuedKey] = Method("issueAPIKey")
SHARE_API_KEY: Method[NewKey] = Method("shareAPIKey")
LIST_API_KEYS: Method[List[ListedKey]] = Method("listAPIKeys")
ROTATE_API_KEY: Method[NewKey] = Method("rotateAPIKey")
REVOKE_API_KEY: Method[RevokedKey] = Method("revokeAPIKey")
SET_PERSISTENT_DATA: Method[Written] = Method("setPersistentData")
GET_PERSISTENT_DATA: Method[Optional[JsonObject]] = Method("getPersistentData")
GET_PERSISTENT_RECORD: Method[Optional[PersistentRecord]] = Method("getPersistentRecord")
PATCH_PERSISTENT_DATA: Method[Written] = Method("patchPersistentData")
DELETE_PERSISTENT_DATA: Method[Deleted] = Method("deletePersistentData")
LIST_PERSISTENT_DATA: Method[List[ListedRecord]] = Method("listPersistentData")
MOVE_PERSISTENT_DATA: Method[Moved] = Method("movePersistentData")
WATCH_PERSISTENT_DATA: Method[Watch] = Method("watchPersistentData")
UNWATCH_PERSISTENT_DATA: Method[Watch] = Method("unwatchPersistentData")
ACQUIRE_LEASE: Method[Leased] = Method("acquireLease")
RENEW_LEASE: Method[Renewed] = Method("renewLease")
RELEASE_LEASE: Method[Released] = Method("releaseLease")
VAULT_STATUS: Method[Status] = Method("vault/status")
VAULT_LOCK: Method[Locked] = Method("vault/lock")
VAULT_UNLOCK: Method[Unlocked] = Method("vault/unlock")
RPC_DISCOVER: Method[OpenRPC] = Method("rpc.discover")
