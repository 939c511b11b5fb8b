"""A store of its own for each test, and what is checked at its end: no process is left, no secret is in any file."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from plugin_vault import AsyncVault, Sidecar, Vault

assert os.environ.get("PLUGIN_VAULT_BIN"), "PLUGIN_VAULT_BIN names the program to test"
# For the programs that tests start.
os.environ["PYTHONPATH"] = str(Path(__file__).parents[1] / "src")
# Tests must not use the caller's own store and log settings.
for variable in ("PLUGIN_VAULT_CONNECT", "PLUGIN_VAULT_DATA_DIR", "PLUGIN_VAULT_KEY_DIR", "RUST_LOG"):
    os.environ.pop(variable, None)


class World:
    """The folders of a store, its vaults, and the random words that must not be in its files."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.plugin = self.word()
        self.vaults: List[Vault] = []

    @property
    def words(self) -> List[str]:
        return self.__dict__.setdefault("_words", [])

    def word(self) -> str:
        word = "canary" + secrets.token_hex(12)
        self.words.append(word)
        return word

    @property
    def options(self) -> Any:
        return {"data_dir": self.top / "data", "key_dir": self.top / "keys"}

    def _arguments(self, changes: Any) -> Any:
        key = {} if "api_key" in changes else {"plugin": self.plugin, "installation": "test"}
        options = {} if "sidecar" in changes else self.options
        return {**options, **key, **changes}

    def vault(self, **changes: Any) -> Vault:
        """A vault that is closed at the end of the test."""
        vault = Vault(**self._arguments(changes))
        self.vaults.append(vault)
        return vault

    def async_vault(self, **changes: Any) -> AsyncVault:
        """A vault that the test closes."""
        return AsyncVault(**self._arguments(changes))

    def lock(self) -> str:
        """Replaces the key file by a passphrase, and returns that."""
        passphrase = self.word()
        guard(self.options, passphrase)
        return passphrase

    def processes(self) -> List[int]:
        return processes_with(str(self.top))

    def close(self) -> None:
        for vault in self.vaults:
            vault.close()
        assert self.processes() == [], "no process is left"
        for path in self.top.rglob("*"):
            if path.is_file():
                found = path.read_bytes()
                for word in self.words:
                    for form in (word.encode(), word.encode("utf-16-le"), base64.b64encode(word.encode())[:-4]):
                        assert form not in found, f"a secret is in {path.name}"


def guard(options: Any, passphrase: str) -> None:
    """Replaces the key file of a store by a passphrase."""
    folders = ["--data-dir", str(options["data_dir"]), "--key-dir", str(options["key_dir"])]
    for command in (["add", "passphrase", "--new-passphrase-fd", "0"], ["remove", "key-file", "--passphrase-fd", "0", "--yes"]):
        arguments = [os.environ["PLUGIN_VAULT_BIN"], "protector", *command, *folders]
        subprocess.run(arguments, input=f"{passphrase}\n".encode(), check=True, capture_output=True)


class Relay:
    """A relay for the plugin of a world, as on the user's own machine."""

    def __init__(self, world: World, name: str = "relay") -> None:
        folder = world.top / "sockets"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.socket = folder / name
        store = ["--data-dir", str(world.options["data_dir"]), "--key-dir", str(world.options["key_dir"])]
        program = os.environ["PLUGIN_VAULT_BIN"]
        arguments = [program, "relay", world.plugin, "--listen", str(self.socket), *store]
        self._child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self._child.stdout is not None
        assert self._child.stdout.readline()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: Any) -> None:
        self.end()

    def end(self) -> None:
        """Ends it, and waits for that: it ends its sidecars first."""
        self._child.terminate()
        self._child.communicate()


def processes_with(text: str) -> List[int]:
    """Ids of the processes whose arguments contain a text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_text(errors="replace")
        except OSError:
            continue
        if text in arguments and folder.name != str(os.getpid()):
            found.append(int(folder.name))
    return found


def kill(sidecar: Sidecar) -> None:
    """Ends the process with SIGKILL, and waits until the package has noticed."""
    process = sidecar._process
    assert process is not None
    os.kill(process.pid, 9)
    process.wait()


@pytest.fixture
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="vault-python-") as top:
        world = World(Path(top).resolve())
        try:
            yield world
            world.close()
        finally:
            # Processes of a failed test.
            for vault in world.vaults:
                vault.close()
