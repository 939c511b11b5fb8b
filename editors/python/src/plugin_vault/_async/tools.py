"""What this folder needs of asyncio. `_blocking/tools.py` has the same names for threads."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import suppress
from typing import Any, Awaitable, Callable, Coroutine, Dict, Generic, Hashable, Optional, TypeVar, Union

from .._errors import VaultError
from .._sidecar import Call

R = TypeVar("R")

Answer = Coroutine[Any, Any, R]
"""What a call returns: it was made at once, and is awaited for its result."""
Value = Union[R, Awaitable[R]]
"""What a function of the caller returns."""


async def outcome(call: Call[R]) -> R:
    """The result of a call. If the caller's task is cancelled, the call is cancelled, and its true outcome counts."""
    answer = asyncio.wrap_future(call.future)
    try:
        return await asyncio.shield(answer)
    except asyncio.CancelledError:
        call.cancel()
        try:
            return await answer
        except VaultError as error:
            if error.kind == "requestCancelled":
                raise asyncio.CancelledError from None
            raise


async def value(returned: Value[R]) -> R:
    """What a function of the caller returned, now or later."""
    if inspect.isawaitable(returned):
        return await returned
    return returned


async def pause(seconds: float) -> None:
    """Lets time pass."""
    await asyncio.sleep(seconds)


async def aside(work: Callable[[], None]) -> None:
    """Does on another thread what takes some time."""
    await asyncio.get_running_loop().run_in_executor(None, work)


class Inbox(Generic[R]):
    """Takes from any thread what one task waits for."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Optional[R]] = asyncio.Queue()

    def put(self, item: Optional[R]) -> None:
        """Adds an item, or `None` for the end."""
        # If the loop was closed, nothing waits any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)

    async def get(self) -> Optional[R]:
        """The next item."""
        return await self._queue.get()


class Shared(Generic[R]):
    """One run of some work for all who ask for it while it runs. It goes on when one of them is cancelled."""

    def __init__(self) -> None:
        self._running: Dict[Hashable, asyncio.Task[R]] = {}

    def forget(self) -> None:
        """Lets a later caller start a run of its own."""
        self._running = {}

    async def run(self, about: Hashable, work: Callable[[], Answer[R]]) -> R:
        """The result of the run about this, which begins if there is none."""
        running, task = self._running, self._running.get(about)
        if task is None:
            task = running[about] = asyncio.ensure_future(work())
            task.add_done_callback(lambda done: running.pop(about, None))
        return await asyncio.shield(task)
