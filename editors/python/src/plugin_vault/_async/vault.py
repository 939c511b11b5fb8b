"""The vault for asyncio.

Each method is one of docs/reference.md, with its parameters in Python's style, and returns what the reference says.
"""

from __future__ import annotations

import copy
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Callable, Iterable, List, Optional, Type, TypeVar, Union

from .. import wire
from .._errors import VaultError, closed
from .._lease import Held
from .._process import encode
from .._program import PathLike
from .._sidecar import Key, Sidecar
from .._watches import Change, Watcher
from ..wire import Context, JsonObject, PersistentRecord, Scope, Status
from .lease import AsyncLease
from .tokens import AsyncTokens, expires_later
from .tools import Answer, Inbox, Value, aside, outcome, value

R = TypeVar("R")
Time = Union[str, datetime]
"""A time with its offset from UTC: a `datetime`, or text as in RFC 3339."""

STORE = 4001
"""Codes from here on are errors of the store, not of the key."""


class AsyncVault:
    """The data of one key.

    plugin-vault keeps the key: the same `plugin` and `installation` always find the same data. A caller that keeps its key
    itself passes it as `api_key`; with `must_exist` a key under which nothing is stored is refused. Several vaults with one
    `sidecar` share its process. Without it, the vault has a process of its own, and the other arguments are those of `Sidecar`.

    `context` is `"user"` or `"workspace"`. `folder` is the URI of a workspace folder, and may be omitted if exactly one is
    open. A call is made at once, so that calls are carried out in their order. Errors are `VaultError`s.
    """

    def __init__(
        self,
        *,
        plugin: Optional[str] = None,
        installation: str = "python",
        api_key: Optional[str] = None,
        must_exist: bool = False,
        sidecar: Optional[Sidecar] = None,
        program: Optional[PathLike] = None,
        connect: Optional[PathLike] = None,
        data_dir: Optional[PathLike] = None,
        key_dir: Optional[PathLike] = None,
        temporary: bool = False,
        workspace_folders: Iterable[str] = (),
    ) -> None:
        self._key = Key(plugin, installation, api_key, must_exist)
        self._owns_sidecar = sidecar is None
        self._held = Held()
        self._closed = False
        self.sidecar = sidecar or Sidecar(
            program=program,
            connect=connect,
            data_dir=data_dir,
            key_dir=key_dir,
            temporary=temporary,
            workspace_folders=workspace_folders,
        )
        """The process that this vault uses."""
        self.sidecar.add(self._key)

    async def open(self) -> AsyncVault:
        """Starts the process and sets the key, which a first call would do as well.

        Raises if the program can't be used or the key is refused. It does not raise if the store is locked or can't be opened
        now: then each call raises that error, and tries again.
        """
        try:
            await outcome(self.sidecar.call(self._key, None, {}))
        except VaultError as error:
            if error.code is None or error.code < STORE:
                await self.close()
                raise
        return self

    async def close(self) -> None:
        """Ends its watches, and the process if it has one of its own. Earlier calls are still answered."""
        await aside(self._held.wait)
        self._closed = True
        self.sidecar.forget(self._key)
        if self._owns_sidecar:
            await aside(self.sidecar.close)

    async def __aenter__(self) -> AsyncVault:
        return await self.open()

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()

    def _call(self, method: wire.Method[R], **params: Any) -> Answer[R]:
        if self._closed:
            raise closed()
        return outcome(self.sidecar.call(self._key, method, params))

    # --- Records

    def get(
        self, context: Context, *, folder: Optional[str] = None, name: Optional[str] = None, inherit: Optional[bool] = None
    ) -> Answer[Optional[JsonObject]]:
        """The object, or `None`. With `inherit`, that of the nearest folder above, or the user's, if the folder has none."""
        return self._call(wire.GET_PERSISTENT_DATA, context=context, workspaceFolder=folder, name=name, inherit=inherit)

    def get_record(
        self, context: Context, *, folder: Optional[str] = None, name: Optional[str] = None, inherit: Optional[bool] = None
    ) -> Answer[Optional[PersistentRecord]]:
        """The object with its revision and dates, or `None`."""
        return self._call(wire.GET_PERSISTENT_RECORD, context=context, workspaceFolder=folder, name=name, inherit=inherit)

    def set(
        self,
        context: Context,
        data: JsonObject,
        *,
        folder: Optional[str] = None,
        name: Optional[str] = None,
        if_revision: Optional[int] = None,
        expires_at: Optional[Time] = None,
        lease: Optional[int] = None,
    ) -> Answer[wire.Written]:
        """Stores an object, which is on the disk when the call has returned."""
        return self._call(
            wire.SET_PERSISTENT_DATA,
            context=context,
            data=data,
            workspaceFolder=folder,
            name=name,
            ifRevision=if_revision,
            expiresAt=_time(expires_at),
            lease=lease,
        )

    def patch(
        self,
        context: Context,
        patch: JsonObject,
        *,
        folder: Optional[str] = None,
        name: Optional[str] = None,
        if_revision: Optional[int] = None,
        lease: Optional[int] = None,
    ) -> Answer[wire.Written]:
        """Changes members and leaves the others as they are: a merge patch, RFC 7396."""
        return self._call(
            wire.PATCH_PERSISTENT_DATA,
            context=context,
            patch=patch,
            workspaceFolder=folder,
            name=name,
            ifRevision=if_revision,
            lease=lease,
        )

    def delete(
        self,
        context: Context,
        *,
        folder: Optional[str] = None,
        name: Optional[str] = None,
        if_revision: Optional[int] = None,
        lease: Optional[int] = None,
    ) -> Answer[wire.Deleted]:
        """Removes a record."""
        return self._call(
            wire.DELETE_PERSISTENT_DATA,
            context=context,
            workspaceFolder=folder,
            name=name,
            ifRevision=if_revision,
            lease=lease,
        )

    def list(
        self,
        *,
        context: Optional[Context] = None,
        folder: Optional[str] = None,
        limit: Optional[int] = None,
        after: Optional[wire.ListedBefore] = None,
    ) -> Answer[List[wire.ListedRecord]]:
        """The addresses of records, with sizes and dates, without their data."""
        return self._call(wire.LIST_PERSISTENT_DATA, context=context, workspaceFolder=folder, limit=limit, after=after)

    def move(self, from_: str, to: str) -> Answer[wire.Moved]:
        """Moves all records of one folder to another, or none of them."""
        return self._call(wire.MOVE_PERSISTENT_DATA, **{"from": from_, "to": to})

    async def update(
        self,
        context: Context,
        change: Callable[[JsonObject], Value[Optional[JsonObject]]],
        *,
        folder: Optional[str] = None,
        name: Optional[str] = None,
        expires_at: Optional[Time] = None,
        lease: Optional[int] = None,
    ) -> JsonObject:
        """Reads a record, changes it, and stores it if it has not changed meanwhile; otherwise again. Returns what is stored.

        `change` gets the object, or `{}` if there is none. It changes that, or returns another one. The expiry stays the same
        unless `expires_at` is given.
        """
        while True:
            record = await self.get_record(context, folder=folder, name=name)
            before: JsonObject = record["data"] if record else {}
            data = copy.deepcopy(before)
            changed = await value(change(data))
            data = data if changed is None else changed
            if encode(data) == encode(before):
                return data
            revision = record["revision"] if record else 0
            expiry = expires_at or (record.get("expiresAt") if record else None)
            try:
                await self.set(context, data, folder=folder, name=name, if_revision=revision, expires_at=expiry, lease=lease)
                return data
            except VaultError as error:
                if error.kind == "revisionConflict":
                    continue
                # The sidecar has ended. If the revision is unchanged, it wrote nothing and never will.
                if error.kind != "outcomeUnknown":
                    raise
                now = await self.get_record(context, folder=folder, name=name)
                if (now["revision"] if now else 0) != revision:
                    raise

    # --- Changes by others: another process, another editor, the command line

    async def watch(self, *, since: Optional[int] = None) -> AsyncWatch:
        """Begins to report each change once, in order, also after the sidecar was restarted. With `since`, those after it."""
        if self._closed:
            raise closed()
        inbox: Inbox[Change] = Inbox()
        watcher = Watcher(inbox.put, since)
        added = partial(self._key.watchers.add, watcher)
        await outcome(self.sidecar.call(self._key, wire.WATCH_PERSISTENT_DATA, {"since": since}, added))
        return AsyncWatch(self.sidecar, self._key, watcher, inbox)

    # --- Leases: one process at a time

    def lease(self, name: str, *, ttl: float = 30, wait: float = 60) -> AsyncLease:
        """A lease, for `async with`: acquired, renewed during the block, and released after it.

        While another process holds it, it waits for up to `wait` seconds, and then raises `leaseHeld`. The lease is free within
        a second when this process ends; `ttl` is for a process that stops.
        """
        return AsyncLease(self, name, ttl, wait)

    def acquire_lease(self, name: str, *, ttl: float, wait: float = 0) -> Answer[wire.Leased]:
        """Acquires a lease that is renewed and released by the caller."""
        return self._call(wire.ACQUIRE_LEASE, name=name, ttlMs=_milliseconds(ttl), waitMs=_milliseconds(wait))

    def renew_lease(self, name: str, lease: int) -> Answer[wire.Renewed]:
        """Renews a lease for its whole length, from now on."""
        return self._call(wire.RENEW_LEASE, name=name, lease=lease)

    def release_lease(self, name: str, lease: int) -> Answer[wire.Released]:
        """Releases a lease."""
        return self._call(wire.RELEASE_LEASE, name=name, lease=lease)

    # --- Tokens that are used once

    def tokens(
        self,
        name: str,
        refresh: Callable[[JsonObject], Value[Optional[JsonObject]]],
        *,
        is_fresh: Optional[Callable[[JsonObject], bool]] = None,
        reads: int = 300,
    ) -> AsyncTokens:
        """Tokens that are stored under a name, and refreshed by one process at a time.

        `refresh` gets the stored tokens, asks the server, and returns the new ones, or `None` if the server refuses the old
        ones. By default tokens are fresh if `expiresAt`, in milliseconds since 1970, is in the future. If the server refuses
        the stored tokens, other processes may be about to store their successor: it is looked for `reads` times.
        """
        return AsyncTokens(self, name, refresh, is_fresh or expires_later, reads)

    # --- The key

    def share_key(
        self, *, label: Optional[str] = None, expires_at: Optional[Time] = None, scope: Optional[Scope] = None
    ) -> Answer[wire.NewKey]:
        """Issues another key for the same data, with a scope."""
        return self._call(wire.SHARE_API_KEY, label=label, expiresAt=_time(expires_at), scope=scope)

    def list_keys(self) -> Answer[List[wire.ListedKey]]:
        """The keys for this data, without the keys themselves."""
        return self._call(wire.LIST_API_KEYS)

    def rotate_key(self, *, api_key: Optional[str] = None) -> Answer[wire.NewKey]:
        """Replaces this key. A caller that keeps its key saves the new one first, and passes it."""
        if self._closed:
            raise closed()
        return outcome(self.sidecar.call(self._key, wire.ROTATE_API_KEY, {"apiKey": api_key}, self._key.replace))

    def revoke_key(self, *, key_id: Optional[str] = None) -> Answer[wire.RevokedKey]:
        """Revokes the key, or one that it shared. Revoking the owner's key destroys all of its data."""
        return self._call(wire.REVOKE_API_KEY, keyId=key_id)

    # --- The store

    def status(self) -> Answer[Status]:
        """The state of the store. Never asks a person, and creates no store."""
        return outcome(self.sidecar.call(None, wire.VAULT_STATUS, {}))

    async def unlock(self, *, passphrase: Optional[str] = None, timeout: Optional[float] = None) -> bool:
        """Unlocks the store for this process, with a passphrase or by asking a person. Returns whether it is unlocked."""
        milliseconds = None if timeout is None else _milliseconds(timeout)
        params = {"passphrase": passphrase, "timeoutMs": milliseconds}
        return (await outcome(self.sidecar.call(None, wire.VAULT_UNLOCK, params)))["keyAvailable"]

    def lock(self) -> Answer[wire.Locked]:
        """Locks the store for every process, until `unlock`. `locked` says whether it is, and `reason` why it can't be."""
        return outcome(self.sidecar.call(None, wire.VAULT_LOCK, {}))


class AsyncWatch:
    """The changes that others make, one after another. Iterate over it; `close` ends it.

    A change has the record's address, `revision` and `deleted`. `resync` means: read everything again. `ended` is the last one:
    the key is no longer valid.
    """

    def __init__(self, sidecar: Sidecar, key: Key, watcher: Watcher, inbox: Inbox[Change]) -> None:
        self._sidecar = sidecar
        self._key = key
        self._watcher = watcher
        self._inbox = inbox
        self._ended = False
        self.revision = watcher.begun
        """The revision up to which the caller has the changes. A later watch can use it as `since`."""

    def __aiter__(self) -> AsyncWatch:
        return self

    async def __anext__(self) -> Change:
        change = None if self._ended else await self._inbox.get()
        if change is None:
            self._ended = True
            raise StopAsyncIteration
        self._ended = "ended" in change
        self.revision = max(self.revision, change["revision"])
        return change

    def close(self) -> None:
        """Ends it. A loop over it ends too."""
        self._key.watchers.remove(self._watcher)
        self._inbox.put(None)
        self._sidecar.post(partial(self._sidecar.unwatch, self._key))

    async def __aenter__(self) -> AsyncWatch:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _time(given: Optional[Time]) -> Optional[str]:
    if not isinstance(given, datetime):
        return given
    if given.tzinfo is None:
        raise ValueError("expires_at has no time zone. Use for example datetime.now(timezone.utc).")
    return given.isoformat()
