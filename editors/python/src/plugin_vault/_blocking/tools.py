"""What this folder needs of threads. `_async/tools.py` has the same names for asyncio."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Callable, Dict, Generic, Hashable, Optional, TypeVar

from .._sidecar import Call

R = TypeVar("R")


def outcome(call: Call[R]) -> R:
    """The result of a call. An interrupt of the main thread cancels it."""
    try:
        return call.future.result()
    except KeyboardInterrupt:
        call.cancel()
        raise


def value(returned: R) -> R:
    """What a function of the caller returned."""
    return returned


def pause(seconds: float) -> None:
    """Lets time pass."""
    time.sleep(seconds)


def aside(work: Callable[[], None]) -> None:
    """Does what takes some time."""
    work()


class Inbox(Generic[R]):
    """Takes from any thread what one thread waits for."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Optional[R]] = SimpleQueue()

    def put(self, item: Optional[R]) -> None:
        """Adds an item, or `None` for the end."""
        self._queue.put(item)

    def get(self) -> Optional[R]:
        """The next item."""
        return self._queue.get()


class Shared(Generic[R]):
    """One run of some work for all threads that ask for it while it runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Dict[Hashable, Future[R]] = {}

    def forget(self) -> None:
        """Lets a later caller start a run of its own."""
        with self._lock:
            self._running = {}

    def run(self, about: Hashable, work: Callable[[], R]) -> R:
        """The result of the run about this, which begins if there is none."""
        with self._lock:
            running, future = self._running, self._running.get(about)
            if future is None:
                mine = running[about] = Future()
        if future is not None:
            return future.result()
        try:
            mine.set_result(work())
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._lock:
                running.pop(about, None)
        return mine.result()
