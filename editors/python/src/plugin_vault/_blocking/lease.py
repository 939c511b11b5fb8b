# Made from `_async` by `unasync.py`; do not edit.
"""A lease that is held during a block."""

from __future__ import annotations

import time
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Optional, Type

from .._errors import VaultError
from .._lease import Renewal

if TYPE_CHECKING:
    from .vault import Vault


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
