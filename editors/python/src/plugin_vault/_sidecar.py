"""A sidecar for any number of keys: started when a call needs it, and again after it ended.

A worker thread does all of it, one thing after another: it starts the process, sets the keys and sends the calls in their
order. So no call ever blocks its caller's thread, and a call is sent before the calls that were made after it.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, Callable, Deque, Dict, Generic, Iterable, List, Optional, TypeVar

from ._errors import VaultError, cancelled, closed
from ._process import Message, Process, as_folders, encode, log, result_of
from ._program import PathLike, find_program
from ._watches import Watchers
from .wire import DidChange, ListedKey, Method, NewKey, Status

R = TypeVar("R")

ENDS = 5
"""A sidecar that ended this often within a minute is not started again before the minute is over."""
MINUTE = 60.0
PAUSE = 1.0
"""Seconds before the next attempt to continue a watch."""
READS = frozenset(
    ["getPersistentData", "getPersistentRecord", "listPersistentData", "listAPIKeys", "watchPersistentData", "vault/status"]
)
"""Methods that are repeated if the sidecar ends during them."""


class Call(Generic[R]):
    """A call, from the moment it is made. `future` gets its outcome."""

    def __init__(
        self,
        sidecar: Sidecar,
        key: Optional[Key],
        method: Optional[Method[R]],
        params: Dict[str, Any],
        answered: Optional[Callable[[R], None]],
    ) -> None:
        self.future: Future[R] = Future()
        # From now on nothing but the outcome ends it.
        self.future.set_running_or_notify_cancel()
        self.sidecar = sidecar
        self.key = key
        self.method = method
        # Encoded at once: what the caller changes after the call does not change the call.
        self.params = encode({name: value for name, value in params.items() if value is not None})
        self.answered = answered
        self.cancelled = False
        self.handle = ""
        self.process: Optional[Process] = None
        self.number = 0
        self.repeated = False

    def cancel(self) -> None:
        """Cancels it. Its outcome says whether it was carried out."""
        self.cancelled = True
        self.sidecar.post(self._send_cancel)

    def _send_cancel(self) -> None:
        if self.process is not None and not self.future.done():
            self.process.notify("$/cancelRequest", {"id": self.number})

    def succeed(self, result: Any) -> None:
        """Ends it with a result, on the thread that reads."""
        if self.answered is not None:
            self.answered(result)
        self.future.set_result(result)

    def text(self) -> str:
        """The parameters with the handle."""
        if self.key is None:
            return self.params
        comma = "" if self.params == "{}" else ","
        return f'{self.params[:-1]}{comma}"handle":{encode(self.handle)}}}'


class Key:
    """One key, and the process that knows it."""

    def __init__(self, plugin: Optional[str], installation: str, api_key: Optional[str], must_exist: bool) -> None:
        if (plugin is None) == (api_key is None):
            raise TypeError("Vault needs either `plugin` or `api_key`.")
        self.plugin = plugin
        self.installation = installation
        self.api_key = api_key
        self.must_exist = must_exist
        self.process: Optional[Process] = None
        self.handle = ""
        self.created = False
        """Whether plugin-vault created the key when it was last set."""
        self.watchers = Watchers()

    def register(self, process: Process) -> None:
        """Sets the key, or takes that of a relay, and continues its watch."""
        self.created = False
        self.handle = self._set(process) if process.relay_handle is None else self._relayed(process, process.relay_handle)
        self.watchers.resume(partial(process.ask, "watchPersistentData"), self.handle, self.created)
        self.process = process

    def _set(self, process: Process) -> str:
        params: Dict[str, Any] = {"apiKey": self.api_key, "mustExist": self.must_exist}
        if self.plugin is not None:
            issued = process.ask("issueAPIKey", {"plugin": self.plugin, "installation": self.installation})
            self.created = issued["created"]
            params = {"apiKey": issued["apiKey"], "mustExist": True}
        handle: str = process.ask("setAPIKey", params)["handle"]
        return handle

    def _relayed(self, process: Process, handle: str) -> str:
        """The relay's handle. Its key has to be the plugin's: otherwise the secrets of two plugins would get into one place.

        The installation does not count, since it is that of the user's own machine.
        """
        if self.api_key is not None:
            raise VaultError(
                "notPermitted", "A relay has a key of its own. Open the vault with `plugin` and not with `api_key`."
            )
        listed: List[ListedKey] = process.ask("listAPIKeys", {"handle": handle})
        plugin = next((key.get("plugin") for key in listed if key["current"]), None)
        if plugin is not None and plugin != self.plugin:
            raise VaultError(
                "notPermitted",
                f"The relay gives the data of {plugin} and not of {self.plugin}. Start a relay for {self.plugin}.",
            )
        return handle

    def replace(self, new: NewKey) -> None:
        """Takes the key that replaced this one, unless plugin-vault keeps it."""
        if self.api_key is not None:
            self.api_key = new["apiKey"]


class Sidecar:
    """One sidecar process. Pass it to several vaults, and they share it.

    `program` is the program's absolute path, and `packed` that of a copy in the caller's own package. `connect` is the socket
    of `plugin-vault relay`, when the store is on another machine or outside of the container; by default that of the
    environment variable `PLUGIN_VAULT_CONNECT`. A relay is for one plugin. `data_dir` and `key_dir` are the folders of the
    store and of its key file. With `temporary` the sidecar uses a store of its own, which is deleted at the end.
    `workspace_folders` are the URIs of the open folders. `on_status` gets the state of the store when any process has
    unlocked, repaired or replaced it; it is called on the worker's thread, and must not call a vault.
    """

    def __init__(
        self,
        *,
        program: Optional[PathLike] = None,
        packed: Optional[PathLike] = None,
        connect: Optional[PathLike] = None,
        data_dir: Optional[PathLike] = None,
        key_dir: Optional[PathLike] = None,
        temporary: bool = False,
        workspace_folders: Iterable[str] = (),
        on_status: Optional[Callable[[Status], None]] = None,
    ) -> None:
        self._program = program
        self._packed = packed
        self._arguments = ["--stdio"]
        # The sidecar starts in another folder.
        if connect is not None:
            self._arguments += ["--connect", os.path.abspath(connect)]
        if data_dir is not None:
            self._arguments += ["--data-dir", os.path.abspath(data_dir)]
        if key_dir is not None:
            self._arguments += ["--key-dir", os.path.abspath(key_dir)]
        if temporary:
            self._arguments.append("--temporary")
        self._folders = list(workspace_folders)
        self._on_status = on_status
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._tasks: SimpleQueue[Optional[Callable[[], None]]] = SimpleQueue()
        self._worker: Optional[threading.Thread] = None
        self._process: Optional[Process] = None
        self._ends: Deque[float] = deque(maxlen=ENDS)
        self._keys: List[Key] = []
        self._closing = False

    @property
    def pid(self) -> Optional[int]:
        """The id of the running process, if there is one."""
        process = self._process
        return None if process is None or process.over else process.pid

    def set_workspace_folders(self, uris: Iterable[str]) -> None:
        """Sets the open folders. To be called whenever they change."""
        self.post(partial(self._set_folders, list(uris)))

    def close(self) -> None:
        """Ends the process. Earlier calls are still answered."""
        self._leave_parent()
        with self._lock:
            self._closing = True
            if self._worker is None:
                return
            self._tasks.put(None)
        self._worker.join()
        atexit.unregister(self.close)

    # --- For the vaults

    def add(self, key: Key) -> None:
        """Sets a key with each process from now on, when a call needs it."""
        self._keys.append(key)

    def forget(self, key: Key) -> None:
        """Ends the watch of a key that is no longer used."""
        self.post(partial(self._forget, key))

    def call(
        self,
        key: Optional[Key],
        method: Optional[Method[R]],
        params: Dict[str, Any],
        answered: Optional[Callable[[R], None]] = None,
    ) -> Call[R]:
        """Makes a call. Without a method, it only sets the key. `answered` gets the result before any later message."""
        call = Call(self, key, method, params, answered)
        if not self.post(partial(self._send, call)):
            raise closed()
        return call

    def post(self, task: Callable[[], None]) -> bool:
        """Lets the worker do something after all that it was given before. Returns whether it will."""
        self._leave_parent()
        with self._lock:
            if self._closing:
                return False
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="plugin-vault", daemon=True)
                self._worker.start()
                atexit.register(self.close)
            self._tasks.put(task)
            return True

    def _leave_parent(self) -> None:
        """Begins anew after a fork: the threads and the process are the parent's."""
        if self._owner != os.getpid():
            keys = self._keys
            self._begin()
            for key in keys:
                key.process = None
            self._keys = keys

    # --- On the worker's thread

    def _work(self) -> None:
        for task in iter(self._tasks.get, None):
            try:
                task()
            except Exception:
                # A fault of this package must not leave later calls without an outcome.
                log.exception("a task of the worker failed")
        if self._process is not None:
            self._process.close()

    def _send(self, call: Call[Any]) -> None:
        if call.cancelled:
            call.future.set_exception(cancelled())
            return
        try:
            process = self._ready(call.key)
        except Exception as error:
            call.future.set_exception(error)
            return
        if call.method is None:
            call.succeed(None)
            return
        if call.key is not None:
            call.handle = call.key.handle
        call.process = process
        call.number = process.request(call.method, call.text(), partial(self._answer, call))

    def _ready(self, key: Optional[Key]) -> Process:
        """The running process, which knows the key."""
        while True:
            process = self._running()
            try:
                if key is not None and key.process is not process:
                    key.register(process)
                return process
            except VaultError as error:
                # The process has ended. This request was our own.
                if error.kind != "outcomeUnknown":
                    raise

    def _running(self) -> Process:
        if self._process is not None and not self._process.over:
            return self._process
        if len(self._ends) == ENDS and time.monotonic() - self._ends[0] < MINUTE:
            raise VaultError(
                "vaultEnded",
                f"plugin-vault ended {ENDS} times within a minute. It is started again when the minute is over.",
                retryable=True,
            )
        # Searched for at each start: an update may have moved it.
        program = find_program(self._program, self._packed)
        self._process = None
        process = Process(program, self._arguments, self._notice, self._ended)
        process.initialize(self._folders)
        self._process = process
        return process

    def _replace_key(self, call: Call[Any], refused: VaultError) -> None:
        """Another window may have replaced the key that plugin-vault keeps. If so, the call is repeated with the new key."""
        key = call.key
        assert key is not None
        call.repeated = True
        if key.process is call.process and key.handle == call.handle:
            key.process = None
        try:
            self._ready(key)
        except Exception as error:
            call.future.set_exception(error)
            return
        if key.created:
            # The key was revoked: the caller has to know. Later calls use the new key.
            call.future.set_exception(refused)
        else:
            self._send(call)

    def _resume(self, key: Key) -> None:
        """Continues the watch of a key whose process or registration has ended."""
        if not key.watchers.any or key not in self._keys:
            return
        try:
            self._ready(key)
        except VaultError as error:
            if error.kind in ("apiKeyRevoked", "apiKeyExpired"):
                key.watchers.end(error.kind)
            else:
                retry = threading.Timer(PAUSE, self.post, [partial(self._resume, key)])
                retry.daemon = True
                retry.start()

    def _renew(self, key: Key) -> None:
        key.process = None
        self._resume(key)

    def _forget(self, key: Key) -> None:
        if key in self._keys:
            self._keys.remove(key)
        key.watchers.close()
        self.unwatch(key)

    def unwatch(self, key: Key) -> None:
        """Ends the watch of a key that has no watcher left."""
        process = self._process
        shared = any(other.watchers.any and other.handle == key.handle for other in self._keys if other is not key)
        if process is not None and key.process is process and not key.watchers.any and not shared:
            process.request("unwatchPersistentData", encode({"handle": key.handle}), lambda answer: None)

    def _set_folders(self, folders: List[str]) -> None:
        before, self._folders = self._folders, folders
        event = {
            "added": as_folders(uri for uri in folders if uri not in before),
            "removed": as_folders(uri for uri in before if uri not in folders),
        }
        if self._process is not None:
            self._process.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    # --- On the thread that reads

    def _answer(self, call: Call[Any], answer: Optional[Message]) -> None:
        try:
            call.succeed(result_of(answer))
        except VaultError as error:
            again: Optional[Callable[[], None]] = None
            if answer is None and call.method in READS:
                again = partial(self._send, call)
            elif error.kind == "apiKeyRevoked" and call.key is not None and call.key.plugin and not call.repeated:
                again = partial(self._replace_key, call, error)
            if again is None or not self.post(again):
                call.future.set_exception(error)

    def _ended(self) -> None:
        self._ends.append(time.monotonic())
        for key in list(self._keys):
            if key.watchers.any:
                self.post(partial(self._resume, key))

    def _notice(self, method: str, params: Any) -> None:
        if method == "vault/didChangeStatus":
            if self._on_status is not None:
                self.post(partial(self._on_status, params))
        elif method == "persistentData/didChange":
            change: DidChange = params
            for key in list(self._keys):
                if key.handle != change["handle"]:
                    continue
                if change.get("ended") == "apiKeyRevoked" and key.plugin is not None:
                    # plugin-vault has another key by now, or creates one when it is asked.
                    self.post(partial(self._renew, key))
                else:
                    key.watchers.notify(change)
