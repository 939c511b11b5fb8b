"""The backend for `keyring`: its own test class, and that it is found and used where no other keyring is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import keyring.errors
import pytest
from conftest import World
from keyring.testing.backend import BackendBasicTests

from plugin_vault import Vault
from plugin_vault._names import record_name
from plugin_vault.keyring import Keyring


@pytest.fixture
def backend(world: World) -> Iterator[Keyring]:
    backend = Keyring()
    backend.__dict__["_vault"] = Vault(plugin="python-keyring", installation="default", **world.options)
    yield backend
    backend._vault.close()


class TestKeyring(BackendBasicTests):
    @pytest.fixture(autouse=True)
    def _init_properties(self, backend: Keyring) -> Iterator[None]:
        self.keyring = backend
        self.credentials_created: set[Any] = set()
        yield
        self.cleanup()


def test_long_names_have_a_record(backend: Keyring) -> None:
    service, username = "https://example.org/" + "s" * 300, "u" * 300
    backend.set_password(service, username, "word")
    assert backend.get_password(service, username) == "word"
    credential = backend.get_credential(service, None)
    assert credential is not None
    assert (credential.username, credential.password) == (username, "word")
    backend.delete_password(service, username)
    assert backend.get_credential(service, None) is None


def test_services_and_users_are_not_confused() -> None:
    names = {
        record_name(*pair) for pair in [("a", "b"), ("a b", ""), ('a","b', ""), ("", "a"), ("a" * 300, "b"), ("a", "b" * 300)]
    }
    assert len(names) == 6


def test_a_locked_store_is_a_locked_keyring(backend: Keyring, world: World) -> None:
    backend.set_password("service", "user", "word")
    backend._vault.close()
    world.lock()
    backend.__dict__["_vault"] = Vault(plugin="python-keyring", installation="default", **world.options)
    with pytest.raises(keyring.errors.KeyringLocked, match="locked"):
        backend.get_password("service", "user")
    with pytest.raises(keyring.errors.KeyringLocked, match="locked"):
        backend.set_password("service", "user", "word")


@pytest.fixture
def environment(world: World) -> Any:
    """A process without a keyring of the system, with the store of the test."""
    names = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "PYTHON_KEYRING_BACKEND")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    folders = {"PLUGIN_VAULT_DATA_DIR": str(world.top / "data"), "PLUGIN_VAULT_KEY_DIR": str(world.top / "keys")}
    return {**kept, **folders, "HOME": str(world.top), "XDG_CONFIG_HOME": str(world.top)}


@pytest.fixture
def installed(world: World) -> Path:
    """A folder with the package's metadata, as an installation has it."""
    source = Path(__file__).parents[1] / "src"
    metadata = world.top / "site" / "plugin_vault-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-vault\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text("[keyring.backends]\nplugin_vault = plugin_vault.keyring\n")
    (world.top / "site" / "plugin_vault").symlink_to(source / "plugin_vault")
    return world.top / "site"


def run(environment: Any, site: Path, *arguments: str, **options: Any) -> str:
    completed = subprocess.run(
        [sys.executable, *arguments], env={**environment, "PYTHONPATH": str(site)}, capture_output=True, text=True, **options
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def test_it_is_used_where_no_other_keyring_is(world: World, environment: Any, installed: Path) -> None:
    word = world.word()
    run(environment, installed, "-m", "keyring", "set", "service", "user", input=word)
    assert run(environment, installed, "-m", "keyring", "get", "service", "user") == word + "\n"
    assert "plugin_vault.keyring.Keyring (priority: 1)" in run(environment, installed, "-m", "keyring", "--list-backends")
    script = "import keyring; print(keyring.get_keyring().name)"
    assert run(environment, installed, "-c", script) == "plugin-vault\n"


def test_it_is_not_viable_without_the_program(environment: Any, installed: Path) -> None:
    environment = {**environment, "PLUGIN_VAULT_BIN": "", "PATH": ""}
    assert "plugin_vault" not in run(environment, installed, "-m", "keyring", "--list-backends")
