"""What goes on while the holder of a lease works."""

from __future__ import annotations

import threading
from functools import partial

from ._errors import VaultError
from ._sidecar import Key, Sidecar
from .wire import RENEW_LEASE


class Renewal:
    """Renews a lease three times in its length, on a thread of its own."""

    def __init__(self, sidecar: Sidecar, key: Key, name: str, token: int, ttl: float) -> None:
        self.lost = False
        self._call = partial(sidecar.call, key, RENEW_LEASE, {"name": name, "lease": token})
        self._pause = ttl / 3
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="plugin-vault lease", daemon=True).start()

    def stop(self) -> None:
        """Renews it no longer."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            try:
                self._call().future.result()
            except VaultError as error:
                # Any other error may not occur at the next renewal.
                if error.kind in ("leaseLost", "closed"):
                    self.lost = True
                    return


class Held:
    """Counts the pieces of work during which a vault must not be closed."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *error: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self) -> None:
        """Waits until there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0)
