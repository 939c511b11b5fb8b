"""One sidecar process: its start, the handshake, its messages, its end. It is never restarted; `_sidecar` starts another.

A thread of its own reads the answers and calls what waits for them. Only the sidecar's worker thread writes.
"""

from __future__ import annotations

import errno
import itertools
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from contextlib import suppress
from typing import IO, Any, Callable, Dict, Iterable, List, Optional

from ._errors import VaultError, from_wire, outcome_unknown
from ._program import working_folder
from ._version import __version__

log = logging.getLogger("plugin_vault")
log.addHandler(logging.NullHandler())

PROTOCOL = 1
"""The version of the protocol that this package speaks."""
HANDSHAKE = 10.0
"""Seconds for the answer to `initialize`. The sidecar answers before it opens the store."""
SHUTDOWN = 2.0
"""Seconds that a regular shutdown may take before the process is killed."""

Message = Dict[str, Any]
Done = Callable[[Optional[Message]], None]
"""Gets the answer to a request, or `None` if the process ended before it answered."""


def encode(value: Any) -> str:
    """JSON text. Numbers that JSON does not have are a `ValueError`."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair has no form in UTF-8, but it has one in JSON.
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text


def result_of(answer: Optional[Message]) -> Any:
    """The result of an answer. Raises its error."""
    if answer is None:
        raise outcome_unknown()
    if "error" in answer:
        raise from_wire(answer["error"])
    return answer["result"]


def why_not_started(path: str, error: OSError) -> str:
    """Why a program was not started. If the file is there, what the system did not find is the loader of its C library."""
    bad_architecture = 86 if sys.platform == "darwin" else None
    if os.path.isfile(path) and error.errno in (errno.ENOENT, errno.ENOEXEC, bad_architecture):
        return "it is built for another C library or processor"
    return str(error.strerror)


class Process:
    """A running sidecar. `notice(method, params)` and `ended()` are called on the thread that reads."""

    def __init__(self, path: str, arguments: List[str], notice: Callable[[str, Any], None], ended: Callable[[], None]) -> None:
        self.over = False
        self.relay_handle: Optional[str] = None
        """The handle of the key to which a relay has bound the connection."""
        self._notice = notice
        self._ended = ended
        self._ids = itertools.count()
        self._waiting: Dict[int, Done] = {}
        self._lock = threading.Lock()
        self._last_line = ""
        self._path = path
        try:
            self._child = subprocess.Popen(
                [path, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=working_folder(),
                # An interrupt at the terminal is for the caller. The sidecar ends with the caller in any case.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise VaultError("vaultEnded", f"{path} can't be started: {why_not_started(path, error)}.") from error
        self._stdin: IO[bytes] = self._child.stdin  # type: ignore[assignment]
        self.pid = self._child.pid
        self._threads = [
            threading.Thread(target=target, args=[stream], name="plugin-vault", daemon=True)
            for target, stream in ((self._read, self._child.stdout), (self._read_log, self._child.stderr))
        ]
        for thread in self._threads:
            thread.start()

    def initialize(self, folders: Iterable[str]) -> None:
        """Checks that the program is a sidecar with the right version of the protocol. Ends it if it is not."""
        try:
            answer = self.ask(
                "initialize",
                {
                    "processId": os.getpid(),
                    "clientInfo": {"name": "plugin-vault for Python", "version": __version__},
                    "rootUri": None,
                    "capabilities": {},
                    "workspaceFolders": as_folders(folders),
                },
                timeout=HANDSHAKE,
            )
            self._check(answer)
        except (VaultError, NoAnswer) as error:
            self.kill()
            if isinstance(error, VaultError) and error.kind == "programUnsuitable":
                raise
            said = f" It said: {self._last_line}" if self._last_line else ""
            raise VaultError("vaultEnded", f"{self._path} can't be started as plugin-vault.{said}") from error
        self.notify("initialized", {})

    def _check(self, answer: Any) -> None:
        try:
            spoken = answer["capabilities"]["experimental"]["pluginVault"]["protocolVersion"]
        except (KeyError, TypeError):
            why = "because it is not plugin-vault. Name another program"
        else:
            if spoken == PROTOCOL:
                relay = answer["capabilities"]["experimental"]["pluginVault"].get("relay")
                self.relay_handle = relay and relay["handle"]
                return
            update = "plugin-vault" if spoken < PROTOCOL else "the Python package plugin-vault"
            why = f"because it has protocol {spoken}. Update {update}"
        raise VaultError("programUnsuitable", f"{self._path} can't be used with protocol {PROTOCOL}, {why}.")

    def request(self, method: str, params: str, done: Done) -> int:
        """Sends a request with the JSON text of its parameters. Returns its id."""
        number = next(self._ids)
        with self._lock:
            over = self.over
            if not over:
                self._waiting[number] = done
        if over:
            done(None)
        else:
            self._write(f'{{"jsonrpc":"2.0","id":{number},"method":{encode(method)},"params":{params}}}')
        return number

    def ask(self, method: str, params: Dict[str, Any], timeout: Optional[float] = None) -> Any:
        """Sends a request, and waits for its result."""
        answer: Future[Optional[Message]] = Future()
        self.request(method, encode(params), answer.set_result)
        return result_of(answer.result(timeout))

    def notify(self, method: str, params: Dict[str, Any]) -> None:
        """Sends a notification."""
        self._write(f'{{"jsonrpc":"2.0","method":{encode(method)},"params":{encode(params)}}}')

    def close(self) -> None:
        """Sends `shutdown` and `exit`, and kills the process after two seconds. Earlier requests are still answered."""
        deadline = threading.Timer(SHUTDOWN, self._kill)
        deadline.daemon = True
        deadline.start()
        with suppress(VaultError):
            self.ask("shutdown", {})
        self.notify("exit", {})
        self._close_stdin()
        self.wait()
        deadline.cancel()

    def kill(self) -> None:
        """Ends the process at once."""
        self._kill()
        self.wait()

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._child.kill()
        elif self._child.poll() is None:
            # With what it has started: a program may be a script that starts another.
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Waits for its end, and until all that waited for an answer knows of it."""
        for thread in self._threads:
            thread.join(2 * SHUTDOWN)

    def _write(self, body: str) -> None:
        data = body.encode()
        try:
            self._stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
            self._stdin.flush()
        except (OSError, ValueError):
            # The end of the process is noticed by the thread that reads.
            self._kill()

    def _close_stdin(self) -> None:
        with suppress(OSError):
            self._stdin.close()

    def _read(self, stream: IO[bytes]) -> None:
        try:
            while True:
                header = stream.readline()
                if not header:
                    break
                length = int(header[len(b"Content-Length: ") :])
                stream.readline()
                self._receive(json.loads(stream.read(length)))
        except Exception:
            # Output that is no message. Nothing that follows it could be understood.
            self._kill()
        try:
            self._child.wait(SHUTDOWN)
        except subprocess.TimeoutExpired:
            self._kill()
            self._child.wait()
        with self._lock:
            self.over = True
            waiting, self._waiting = self._waiting, {}
        self._ended()
        for done in waiting.values():
            done(None)
        stream.close()
        self._close_stdin()

    def _receive(self, message: Message) -> None:
        if "method" in message:
            self._notice(message["method"], message.get("params"))
            return
        # An answer with `id: null` belongs to no request.
        with self._lock:
            done = self._waiting.pop(message.get("id"), None)  # type: ignore[arg-type]
        if done is not None:
            done(message)

    def _read_log(self, stream: IO[bytes]) -> None:
        # The lines contain no key and no value. The limit is for a program that never ends a line.
        for line in iter(lambda: stream.readline(4096), b""):
            self._last_line = line.decode(errors="replace").rstrip()
            log.warning("%s", self._last_line)
        stream.close()


def as_folders(uris: Iterable[str]) -> List[Dict[str, str]]:
    """URIs as the workspace folders of the Language Server Protocol."""
    return [{"uri": uri, "name": uri.rsplit("/", 1)[-1]} for uri in uris]
