"""A key-value store with the methods of the `py-key-value` protocol, for FastMCP (`OAuth(token_storage=…)`) and others."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List, Mapping, Optional, Sequence, SupportsFloat, Tuple

from ._async.vault import AsyncVault
from ._names import record_name

Value = Optional[Dict[str, Any]]
DEFAULT_COLLECTION = "default_collection"


class KeyValueStore:
    """Each key of each collection is a record of the vault, which expires with its time to live."""

    def __init__(self, vault: AsyncVault, *, default_collection: str = DEFAULT_COLLECTION) -> None:
        self._vault = vault
        self._default = default_collection

    def _name(self, key: str, collection: Optional[str]) -> str:
        return record_name(self._default if collection is None else collection, key)

    async def get(self, key: str, *, collection: Optional[str] = None) -> Value:
        """The value, or `None`."""
        return await self._vault.get("user", name=self._name(key, collection))

    async def ttl(self, key: str, *, collection: Optional[str] = None) -> Tuple[Value, Optional[float]]:
        """The value and the seconds that it will still be there; each may be `None`."""
        record = await self._vault.get_record("user", name=self._name(key, collection))
        if record is None:
            return None, None
        expires_at = record.get("expiresAt")
        if expires_at is None:
            return record["data"], None
        left = datetime.fromisoformat(expires_at.replace("Z", "+00:00")) - datetime.now(timezone.utc)
        return record["data"], max(0.0, left.total_seconds())

    async def put(
        self,
        key: str,
        value: Mapping[str, Any],
        *,
        collection: Optional[str] = None,
        ttl: Optional[SupportsFloat] = None,
    ) -> None:
        """Stores a value, for `ttl` seconds or for ever."""
        expires_at = None if ttl is None else datetime.now(timezone.utc) + timedelta(seconds=float(ttl))
        await self._vault.set("user", dict(value), name=self._name(key, collection), expires_at=expires_at)

    async def delete(self, key: str, *, collection: Optional[str] = None) -> bool:
        """Deletes a value. Returns whether it was there."""
        return (await self._vault.delete("user", name=self._name(key, collection)))["deleted"]

    async def get_many(self, keys: Sequence[str], *, collection: Optional[str] = None) -> List[Value]:
        """The values of several keys."""
        return [await self.get(key, collection=collection) for key in keys]

    async def ttl_many(self, keys: Sequence[str], *, collection: Optional[str] = None) -> List[Tuple[Value, Optional[float]]]:
        """The values of several keys, and how long they will be there."""
        return [await self.ttl(key, collection=collection) for key in keys]

    async def put_many(
        self,
        keys: Sequence[str],
        values: Sequence[Mapping[str, Any]],
        *,
        collection: Optional[str] = None,
        ttl: Optional[SupportsFloat] = None,
    ) -> None:
        """Stores the values of several keys, one after another."""
        if len(keys) != len(values):
            raise ValueError("put_many needs as many values as keys.")
        for key, value in zip(keys, values):
            await self.put(key, value, collection=collection, ttl=ttl)

    async def delete_many(self, keys: Sequence[str], *, collection: Optional[str] = None) -> int:
        """Deletes several keys. Returns how many were there."""
        return sum([await self.delete(key, collection=collection) for key in keys])
