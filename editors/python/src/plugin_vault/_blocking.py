"""The vault for threads. Made from `_async.py` by `unasync.py`; do not edit."""

from __future__ import annotations

import copy
import json
import time
from contextlib import suppress
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Callable, Iterable, List, Optional, Type, TypeVar, Union

from . import wire
from ._threads import Inbox, Shared, aside, outcome, pause, value
from ._errors import LoginNeeded, VaultError, closed
from ._lease import Renewal
from ._process import encode
from ._program import PathLike
from ._sidecar import Key, Sidecar
from ._watches import Change, Watcher
from .wire import Context, JsonObject, PersistentRecord, Scope, Status

R = TypeVar("R")
Time = Union[str, datetime]
"""A time with its offset from UTC: a `datetime`, or text as in RFC 3339."""

STORE = 4001
"""Codes from here on are errors of the store, not of the key."""


class Vault:
    """The data of one key, for any number of threads.

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
        data_dir: Optional[PathLike] = None,
        key_dir: Optional[PathLike] = None,
        temporary: bool = False,
        workspace_folders: Iterable[str] = (),
    ) -> None:
        self._key = Key(plugin, installation, api_key, must_exist)
        self._owns_sidecar = sidecar is None
        self._closed = False
        self.sidecar = sidecar or Sidecar(
            program=program,
            data_dir=data_dir,
            key_dir=key_dir,
            temporary=temporary,
            workspace_folders=workspace_folders,
        )
        """The process that this vault uses."""
        self.sidecar.add(self._key)

    def open(self) -> Vault:
        """Starts the process and sets the key, which a first call would do as well.

        Raises if the program can't be used or the key is refused. It does not raise if the store is locked or can't be opened
        now: then each call raises that error, and tries again.
        """
        try:
            outcome(self.sidecar.call(self._key, None, {}))
        except VaultError as error:
            if error.code is None or error.code < STORE:
                self.close()
                raise
        return self

    def close(self) -> None:
        """Ends its watches, and the process if it has one of its own. Earlier calls are still answered."""
        self._closed = True
        self.sidecar.forget(self._key)
        if self._owns_sidecar:
            aside(self.sidecar.close)

    def __enter__(self) -> Vault:
        return self.open()

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def _call(self, method: wire.Method[R], **params: Any) -> R:
        if self._closed:
            raise closed()
        return outcome(self.sidecar.call(self._key, method, params))

    # --- Records

    def get(
        self, context: Context, *, folder: Optional[str] = None, name: Optional[str] = None
    ) -> Optional[JsonObject]:
        """The object, or `None`."""
        return self._call(wire.GET_PERSISTENT_DATA, context=context, workspaceFolder=folder, name=name)

    def get_record(
        self, context: Context, *, folder: Optional[str] = None, name: Optional[str] = None
    ) -> Optional[PersistentRecord]:
        """The object with its revision and dates, or `None`."""
        return self._call(wire.GET_PERSISTENT_RECORD, context=context, workspaceFolder=folder, name=name)

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
    ) -> wire.Written:
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
    ) -> wire.Written:
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
    ) -> wire.Deleted:
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
    ) -> List[wire.ListedRecord]:
        """The addresses of records, with sizes and dates, without their data."""
        return self._call(wire.LIST_PERSISTENT_DATA, context=context, workspaceFolder=folder, limit=limit, after=after)

    def move(self, from_: str, to: str) -> wire.Moved:
        """Moves all records of one folder to another, or none of them."""
        return self._call(wire.MOVE_PERSISTENT_DATA, **{"from": from_, "to": to})

    def update(
        self,
        context: Context,
        change: Callable[[JsonObject], Optional[JsonObject]],
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
            record = self.get_record(context, folder=folder, name=name)
            before: JsonObject = record["data"] if record else {}
            data = copy.deepcopy(before)
            changed = value(change(data))
            data = data if changed is None else changed
            if encode(data) == encode(before):
                return data
            revision = record["revision"] if record else 0
            expiry = expires_at or (record.get("expiresAt") if record else None)
            try:
                self.set(context, data, folder=folder, name=name, if_revision=revision, expires_at=expiry, lease=lease)
                return data
            except VaultError as error:
                if error.kind == "revisionConflict":
                    continue
                # The sidecar has ended. If the revision is unchanged, it wrote nothing and never will.
                if error.kind != "outcomeUnknown":
                    raise
                now = self.get_record(context, folder=folder, name=name)
                if (now["revision"] if now else 0) != revision:
                    raise

    # --- Changes by others: another process, another editor, the command line

    def watch(self, *, since: Optional[int] = None) -> Watch:
        """Begins to report each change once, in order, also after the sidecar was restarted. With `since`, those after it."""
        if self._closed:
            raise closed()
        inbox: Inbox[Change] = Inbox()
        watcher = Watcher(inbox.put, since)
        added = partial(self._key.watchers.add, watcher)
        outcome(self.sidecar.call(self._key, wire.WATCH_PERSISTENT_DATA, {"since": since}, added))
        return Watch(self.sidecar, self._key, watcher, inbox)

    # --- Leases: one process at a time

    def lease(self, name: str, *, ttl: float = 30, wait: float = 60) -> Lease:
        """A lease, for `with`: acquired, renewed during the block, and released after it.

        While another process holds it, it waits for up to `wait` seconds, and then raises `leaseHeld`. The lease is free within
        a second when this process ends; `ttl` is for a process that stops.
        """
        return Lease(self, name, ttl, wait)

    def acquire_lease(self, name: str, *, ttl: float, wait: float = 0) -> wire.Leased:
        """Acquires a lease that is renewed and released by the caller."""
        return self._call(wire.ACQUIRE_LEASE, name=name, ttlMs=_milliseconds(ttl), waitMs=_milliseconds(wait))

    def renew_lease(self, name: str, lease: int) -> wire.Renewed:
        """Renews a lease for its whole length, from now on."""
        return self._call(wire.RENEW_LEASE, name=name, lease=lease)

    def release_lease(self, name: str, lease: int) -> wire.Released:
        """Releases a lease."""
        return self._call(wire.RELEASE_LEASE, name=name, lease=lease)

    # --- Tokens that are used once

    def tokens(
        self,
        name: str,
        refresh: Callable[[JsonObject], Optional[JsonObject]],
        *,
        is_fresh: Optional[Callable[[JsonObject], bool]] = None,
        reads: int = 300,
    ) -> Tokens:
        """Tokens that are stored under a name, and refreshed by one process at a time.

        `refresh` gets the stored tokens, asks the server, and returns the new ones, or `None` if the server refuses the old
        ones. By default tokens are fresh if `expiresAt`, in milliseconds since 1970, is in the future. If the server refuses
        the stored tokens, other processes may be about to store their successor: it is looked for `reads` times.
        """
        return Tokens(self, name, refresh, is_fresh or _expires_later, reads)

    # --- The key

    def share_key(
        self, *, label: Optional[str] = None, expires_at: Optional[Time] = None, scope: Optional[Scope] = None
    ) -> wire.NewKey:
        """Issues another key for the same data, with a scope."""
        return self._call(wire.SHARE_API_KEY, label=label, expiresAt=_time(expires_at), scope=scope)

    def list_keys(self) -> List[wire.ListedKey]:
        """The keys for this data, without the keys themselves."""
        return self._call(wire.LIST_API_KEYS)

    def rotate_key(self, *, api_key: Optional[str] = None) -> wire.NewKey:
        """Replaces this key. A caller that keeps its key saves the new one first, and passes it."""
        if self._closed:
            raise closed()
        return outcome(self.sidecar.call(self._key, wire.ROTATE_API_KEY, {"apiKey": api_key}, self._key.replace))

    def revoke_key(self, *, key_id: Optional[str] = None) -> wire.RevokedKey:
        """Revokes the key, or one that it shared. Revoking the owner's key destroys all of its data."""
        return self._call(wire.REVOKE_API_KEY, keyId=key_id)

    # --- The store

    def status(self) -> Status:
        """The state of the store. Never asks a person, and creates no store."""
        return outcome(self.sidecar.call(None, wire.VAULT_STATUS, {}))

    def unlock(self, *, passphrase: Optional[str] = None, timeout: Optional[float] = None) -> bool:
        """Unlocks the store for this process, with a passphrase or by asking a person. Returns whether it is unlocked."""
        milliseconds = None if timeout is None else _milliseconds(timeout)
        params = {"passphrase": passphrase, "timeoutMs": milliseconds}
        return (outcome(self.sidecar.call(None, wire.VAULT_UNLOCK, params)))["keyAvailable"]


class Watch:
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

    def __iter__(self) -> Watch:
        return self

    def __next__(self) -> Change:
        change = None if self._ended else self._inbox.get()
        if change is None:
            self._ended = True
            raise StopIteration
        self._ended = "ended" in change
        self.revision = max(self.revision, change["revision"])
        return change

    def close(self) -> None:
        """Ends it. A loop over it ends too."""
        self._key.watchers.remove(self._watcher)
        self._inbox.put(None)
        self._sidecar.post(partial(self._sidecar.unwatch, self._key))

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


class Lease:
    """Made by `vault.lease`."""

    def __init__(self, vault: Vault, name: str, ttl: float, wait: float) -> None:
        self._vault = vault
        self._name = name
        self._ttl = ttl
        self._wait = wait
        self._renewal: Optional[Renewal] = None
        self.token = 0
        """The fencing token, for `lease` in writes. A write is refused with `leaseLost` once the lease is lost."""

    @property
    def lost(self) -> bool:
        """Whether the lease was found to be lost. Then stop the work."""
        return self._renewal is not None and self._renewal.lost

    def acquire(self) -> None:
        """Acquires it, and renews it from now on."""
        deadline = time.monotonic() + self._wait
        while True:
            wait = max(0.0, deadline - time.monotonic())
            try:
                self.token = (self._vault.acquire_lease(self._name, ttl=self._ttl, wait=wait))["lease"]
                break
            except VaultError as error:
                # A lease ends with the process that acquired it. So none is held.
                if error.kind != "outcomeUnknown":
                    raise
        self._renewal = Renewal(self._vault.sidecar, self._vault._key, self._name, self.token, self._ttl)

    def release(self) -> None:
        """Releases it, if it is still held."""
        if self._renewal is not None:
            self._renewal.stop()
        # If that fails, it expires.
        with suppress(VaultError):
            self._vault.release_lease(self._name, self.token)

    def __enter__(self) -> Lease:
        self.acquire()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.release()


class Tokens:
    """Made by `vault.tokens`. docs/recipes.md explains the rules."""

    def __init__(
        self,
        vault: Vault,
        name: str,
        refresh: Callable[[JsonObject], Optional[JsonObject]],
        is_fresh: Callable[[JsonObject], bool],
        reads: int,
    ) -> None:
        self._vault = vault
        self._name = name
        self._refresh = refresh
        self._is_fresh = is_fresh
        self._reads = reads
        self._refused: Optional[JsonObject] = None
        self._shared: Shared[JsonObject] = Shared()

    def get(self, *, rejected: Optional[JsonObject] = None) -> JsonObject:
        """Tokens that are valid now: the stored ones, or new ones. Raises `LoginNeeded` if there are none.

        `rejected` are tokens that the service has just refused: they do not count as fresh. Calls that overlap share one
        refresh.
        """
        return self._shared.run(json.dumps(rejected, sort_keys=True), partial(self._get, copy.deepcopy(rejected)))

    def set(self, tokens: JsonObject) -> None:
        """Stores the tokens of a new login."""
        self._shared.forget()
        self._vault.set("user", tokens, name=self._name)

    def clear(self) -> None:
        """Deletes the tokens: the user logs out."""
        self._shared.forget()
        self._vault.delete("user", name=self._name)

    def _get(self, rejected: Optional[JsonObject]) -> JsonObject:
        hopeless, looks = self._refused, 0
        while True:
            record = self._vault.get_record("user", name=self._name)
            if record is None:
                raise LoginNeeded("missing")
            stored = record["data"]
            if self._is_usable(stored, rejected):
                return stored
            if _same(stored, self._refused):
                # The process that has spent these tokens stores their successor, if it is there.
                if _same(stored, hopeless) or looks == self._reads:
                    raise LoginNeeded("refused")
                looks += 1
                pause(0.2)
                continue
            tokens = self._refresh_stored(rejected)
            if tokens is not None:
                return tokens

    def _refresh_stored(self, rejected: Optional[JsonObject]) -> Optional[JsonObject]:
        """The tokens after a refresh, or `None` if the record has to be read again."""
        lease = Lease(self._vault, self._name, 60, 60)
        try:
            lease.acquire()
        except VaultError as error:
            if error.kind != "leaseHeld":
                raise
            return None
        try:
            # In most cases, the process that held the lease has refreshed them.
            record = self._vault.get_record("user", name=self._name)
            if record is None or self._is_usable(record["data"], rejected) or _same(record["data"], self._refused):
                return None
            tokens = value(self._refresh(copy.deepcopy(record["data"])))
            if tokens is None:
                self._refused = record["data"]
                return None
            return self._store(record, tokens, lease.token)
        finally:
            lease.release()

    def _store(self, spent: PersistentRecord, tokens: JsonObject, lease: Optional[int]) -> JsonObject:
        """Stores the successor of spent tokens, unless newer ones are stored. Returns those that are stored afterwards."""
        revision, tries = spent["revision"], 0
        while True:
            try:
                if tries > 0:
                    now = self._vault.get_record("user", name=self._name)
                    if now is None:
                        raise LoginNeeded("missing")
                    if not _same(now["data"], spent["data"]):
                        # Newer ones; or ours, and the answer was lost.
                        return now["data"]
                    # No other process has got further, and none can: the lease is not needed.
                    revision, lease = now["revision"], None
                self._vault.set("user", tokens, name=self._name, if_revision=revision, lease=lease)
                return tokens
            except VaultError as error:
                slow = error.retryable or error.kind == "storeFailed"
                if not slow and error.kind not in ("leaseLost", "revisionConflict", "outcomeUnknown"):
                    raise
                if slow:
                    pause(min(0.05 * tries, 5))
                tries += 1

    def _is_usable(self, stored: JsonObject, rejected: Optional[JsonObject]) -> bool:
        return stored != rejected and self._is_fresh(stored)


def _same(stored: JsonObject, other: Optional[JsonObject]) -> bool:
    """Whether these are the same tokens: those with one refresh token."""
    if other is not None and "refreshToken" in stored and "refreshToken" in other:
        return bool(stored["refreshToken"] == other["refreshToken"])
    return stored == other


def _expires_later(tokens: JsonObject) -> bool:
    expires_at = tokens.get("expiresAt")
    return isinstance(expires_at, (int, float)) and expires_at > time.time() * 1000


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _time(given: Optional[Time]) -> Optional[str]:
    if not isinstance(given, datetime):
        return given
    if given.tzinfo is None:
        raise ValueError("expires_at has no time zone. Use for example datetime.now(timezone.utc).")
    return given.isoformat()
