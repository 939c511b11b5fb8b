"""Tokens that change with each use: all processes share one login, and one of them at a time refreshes it.

The rules, and the losses that they prevent, are in docs/recipes.md.
"""

from __future__ import annotations

import copy
import json
import time
from functools import partial
from typing import TYPE_CHECKING, Callable, Optional

from .._errors import LoginNeeded, VaultError
from ..wire import JsonObject, PersistentRecord
from .lease import AsyncLease
from .tools import Shared, Value, pause, value

if TYPE_CHECKING:
    from .vault import AsyncVault


class AsyncTokens:
    """Made by `vault.tokens`."""

    def __init__(
        self,
        vault: AsyncVault,
        name: str,
        refresh: Callable[[JsonObject], Value[Optional[JsonObject]]],
        is_fresh: Callable[[JsonObject], bool],
        reads: int,
    ) -> None:
        self._vault = vault
        self._name = name
        self._refresh = refresh
        self._is_fresh = is_fresh
        self._reads = reads
        self._refused: Optional[JsonObject] = None
        self._in_vain = False
        """Whether a successor of the refused tokens was looked for in vain."""
        self._shared: Shared[JsonObject] = Shared()

    async def get(self, *, rejected: Optional[JsonObject] = None) -> JsonObject:
        """Tokens that are valid now: the stored ones, or new ones. Raises `LoginNeeded` if there are none.

        `rejected` are tokens that the service has just refused: they do not count as fresh. Calls that overlap share one
        refresh.
        """
        about = json.dumps(rejected, sort_keys=True)
        return copy.deepcopy(await self._shared.run(about, partial(self._get, copy.deepcopy(rejected))))

    async def set(self, tokens: JsonObject) -> None:
        """Stores the tokens of a new login. A refresh that is running in any process does not undo it."""
        try:
            await self._vault.set("user", tokens, name=self._name)
        finally:
            self._shared.forget()

    async def clear(self) -> None:
        """Deletes the tokens: the user logs out. A refresh that is running in any process does not undo it."""
        try:
            await self._vault.delete("user", name=self._name)
        finally:
            self._shared.forget()

    async def _get(self, rejected: Optional[JsonObject]) -> JsonObject:
        looks = 0
        while True:
            record = await self._vault.get_record("user", name=self._name)
            if record is None:
                raise LoginNeeded("missing")
            stored = record["data"]
            if self._is_usable(stored, rejected):
                return stored
            if _same(stored, self._refused):
                # The process that has spent these tokens stores their successor, if it still runs.
                if self._in_vain or looks == self._reads:
                    self._in_vain = True
                    raise LoginNeeded("refused")
                looks += 1
                await pause(0.2)
                continue
            tokens = await self._refresh_stored(rejected)
            if tokens is not None:
                return tokens

    async def _refresh_stored(self, rejected: Optional[JsonObject]) -> Optional[JsonObject]:
        """The tokens after a refresh, or `None` if the record has to be read again."""
        lease = AsyncLease(self._vault, self._name, 60, 60)
        try:
            await lease.acquire()
        except VaultError as error:
            if error.kind != "leaseHeld":
                raise
            return None
        try:
            # In most cases, the process that held the lease has refreshed them.
            record = await self._vault.get_record("user", name=self._name)
            if record is None or self._is_usable(record["data"], rejected) or _same(record["data"], self._refused):
                return None
            # From the server's answer on, the only valid tokens are here. The vault is not closed before they are stored.
            with self._vault._held:
                tokens = await value(self._refresh(copy.deepcopy(record["data"])))
                if tokens is not None:
                    return await self._store(record, tokens, lease.token)
            self._refused, self._in_vain = record["data"], False
            return None
        finally:
            await lease.release()

    async def _store(self, spent: PersistentRecord, tokens: JsonObject, lease: Optional[int]) -> JsonObject:
        """Stores the successor of spent tokens, unless newer ones are stored. Returns those that are stored afterwards."""
        revision, tries = spent["revision"], 0
        while True:
            try:
                if tries > 0:
                    now = await self._vault.get_record("user", name=self._name)
                    if now is None:
                        raise LoginNeeded("missing")
                    if not _same(now["data"], spent["data"]):
                        # Newer ones; or ours, and the answer was lost.
                        return now["data"]
                    # No other process has got further, and none can: the lease is not needed.
                    revision, lease = now["revision"], None
                await self._vault.set("user", tokens, name=self._name, if_revision=revision, lease=lease)
                return tokens
            except VaultError as error:
                slow = error.retryable or error.kind == "storeFailed"
                if not slow and error.kind not in ("leaseLost", "revisionConflict", "outcomeUnknown"):
                    raise
                if slow:
                    await pause(min(0.05 * tries, 5))
                tries += 1

    def _is_usable(self, stored: JsonObject, rejected: Optional[JsonObject]) -> bool:
        return stored != rejected and self._is_fresh(stored)


def _same(stored: JsonObject, other: Optional[JsonObject]) -> bool:
    """Whether these are the same tokens: those with one refresh token."""
    if other is not None and "refreshToken" in stored and "refreshToken" in other:
        return bool(stored["refreshToken"] == other["refreshToken"])
    return stored == other


def expires_later(tokens: JsonObject) -> bool:
    """Whether `expiresAt`, in milliseconds since 1970, is in the future."""
    expires_at = tokens.get("expiresAt")
    return isinstance(expires_at, (int, float)) and expires_at > time.time() * 1000
