"""The watchers of a key: any number of them on one watch of the sidecar, which continues when the sidecar was restarted."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Optional

Change = Dict[str, Any]
"""A record that another window or editor wrote or deleted; or `resync`: read everything again; or `ended`: the key is gone."""


class Watcher:
    """One watch of a caller. `notify` is called on a thread of the sidecar, with `None` at the end."""

    def __init__(self, notify: Callable[[Optional[Change]], None], since: Optional[int]) -> None:
        self.notify = notify
        self.since = since
        self.revision = since or 0
        self.begun = 0
        """The revision from which it watches."""


class Watchers:
    """Held by the thread that reads and by the worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: List[Watcher] = []

    @property
    def any(self) -> bool:
        """Whether there is a watcher."""
        return bool(self._all)

    def add(self, watcher: Watcher, answer: Any) -> None:
        """Adds a watcher when its watch was answered: earlier notices are not for it."""
        with self._lock:
            watcher.begun = watcher.revision = answer["revision"] if watcher.since is None else watcher.since
            self._all.append(watcher)

    def remove(self, watcher: Watcher) -> None:
        """Removes a watcher, if it is there."""
        with self._lock:
            if watcher in self._all:
                self._all.remove(watcher)

    def close(self) -> None:
        """Ends every watch."""
        with self._lock:
            watchers, self._all = self._all, []
        for watcher in watchers:
            watcher.notify(None)

    def resume(self, watch: Callable[[Dict[str, Any]], Any], handle: str, created: bool) -> None:
        """Watches again, from the lowest revision of all watchers. With a key that was just created, from now."""
        with self._lock:
            revisions = [watcher.revision for watcher in self._all]
        if not revisions:
            return
        params: Dict[str, Any] = {"handle": handle}
        if not created:
            params["since"] = min(revisions)
        answer = watch(params)
        if created:
            self.notify({"revision": answer["revision"], "resync": True})

    def end(self, reason: str) -> None:
        """Reports that the key is no longer valid."""
        with self._lock:
            revision = max((watcher.revision for watcher in self._all), default=0)
        self.notify({"revision": revision, "ended": reason})

    def notify(self, notice: Any) -> None:
        """Reports a change to each watcher once, also if another one's watch began earlier."""
        change: Change = {name: value for name, value in notice.items() if name != "handle"}
        with self._lock:
            for watcher in self._all:
                if "ended" not in change and change["revision"] <= watcher.revision:
                    continue
                watcher.revision = max(watcher.revision, change["revision"])
                watcher.notify(change)
