"""Connects the runner of the conformance suite to `Vault` and to `AsyncVault`."""

from __future__ import annotations

import asyncio
import inspect
import secrets
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Callable, Dict

from conformance import SECONDS
from conftest import World, guard, kill

from plugin_vault import AsyncVault, Vault, VaultError


def guarded(face: Any, passphrase: str) -> Dict[str, Any]:
    """A store of its own that a passphrase alone opens."""
    top = face.world.top / secrets.token_hex(8)
    options = {"data_dir": top / "data", "key_dir": top / "keys"}
    with Vault(plugin="conformance", **options) as vault:
        vault.set("user", {})
    guard(options, passphrase)
    return options


class Blocking:
    """`Vault`, in threads."""

    guarded = guarded

    def __init__(self, world: World) -> None:
        self.world = world

    @staticmethod
    def offers(step: Dict[str, Any]) -> bool:
        # A call returns when it is carried out. So a caller can neither cancel it nor change its object meanwhile.
        return "cancel" not in step and "spoil" not in step

    def refresh(self, function: Callable[[Any], Any]) -> Any:
        return function

    def open(self, options: Dict[str, Any]) -> BlockingWindow:
        return BlockingWindow(Vault(**{**self.world.options, **options}).open())

    def close(self) -> None:
        pass


class BlockingWindow:
    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.notices: SimpleQueue[Any] = SimpleQueue()
        # Calls that are begun are carried out by one thread, in their order.
        self.others = ThreadPoolExecutor(1)

    def call(self, work: Callable[[], Any]) -> Any:
        return work()

    def begin(self, work: Callable[[], Any]) -> Future[Any]:
        return self.others.submit(work)

    def watch(self, options: Dict[str, Any]) -> Callable[[], Any]:
        def begin() -> Any:
            self.changes = self.vault.watch(**options)
            revision = self.changes.revision
            threading.Thread(target=lambda: [self.notices.put(change) for change in self.changes], daemon=True).start()
            return {"watching": True, "revision": revision}

        return begin

    def unwatch(self) -> Callable[[], Any]:
        def end() -> Any:
            self.changes.close()
            return {"watching": False, "revision": self.changes.revision}

        return end

    def notice(self) -> Any:
        return self.notices.get(timeout=SECONDS)

    def kill(self) -> None:
        kill(self.vault.sidecar)

    def close(self) -> None:
        self.vault.close()
        self.others.shutdown()


class Asynchronous:
    """`AsyncVault`, in an event loop on another thread."""

    guarded = guarded

    def __init__(self, world: World) -> None:
        self.world = world
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    @staticmethod
    def offers(step: Dict[str, Any]) -> bool:
        return True

    def refresh(self, function: Callable[[Any], Any]) -> Any:
        async def refresh(spent: Any) -> Any:
            return await asyncio.get_running_loop().run_in_executor(None, function, spent)

        return refresh

    def run(self, work: Callable[[], Any]) -> Any:
        async def run() -> Any:
            result = work()
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(SECONDS)

    def open(self, options: Dict[str, Any]) -> AsynchronousWindow:
        return AsynchronousWindow(self, self.run(lambda: AsyncVault(**{**self.world.options, **options}).open()))

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class AsynchronousWindow:
    def __init__(self, face: Asynchronous, vault: AsyncVault) -> None:
        self.face = face
        self.vault = vault
        self.notices: SimpleQueue[Any] = SimpleQueue()

    def call(self, work: Callable[[], Any]) -> Any:
        return self.face.run(work)

    def begin(self, work: Callable[[], Any]) -> Begun:
        async def begin() -> Any:
            return asyncio.ensure_future(work())

        return Begun(self.face, asyncio.run_coroutine_threadsafe(begin(), self.face.loop).result(SECONDS))

    def watch(self, options: Dict[str, Any]) -> Callable[[], Any]:
        async def begin() -> Any:
            self.changes = await self.vault.watch(**options)
            revision = self.changes.revision
            self.reader = asyncio.ensure_future(self.read())
            return {"watching": True, "revision": revision}

        return begin

    async def read(self) -> None:
        async for change in self.changes:
            self.notices.put(change)

    def unwatch(self) -> Callable[[], Any]:
        async def end() -> Any:
            self.changes.close()
            await self.reader
            return {"watching": False, "revision": self.changes.revision}

        return end

    def notice(self) -> Any:
        return self.notices.get(timeout=SECONDS)

    def kill(self) -> None:
        kill(self.vault.sidecar)

    def close(self) -> None:
        self.face.run(self.vault.close)


class Begun:
    """A task, whose cancellation is an error of the case's kind."""

    def __init__(self, face: Asynchronous, task: asyncio.Task[Any]) -> None:
        self.face = face
        self.task = task

    def cancel(self) -> None:
        self.face.loop.call_soon_threadsafe(self.task.cancel)

    def result(self) -> Any:
        async def outcome() -> Any:
            try:
                return await self.task
            except asyncio.CancelledError:
                raise VaultError("requestCancelled", "The task was cancelled.", retryable=True) from None

        return self.face.run(outcome)
