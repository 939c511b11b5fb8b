"""Where the program is looked for, and what is said if it is not there or is another one."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from conftest import World

from plugin_vault import VaultError, _program
from plugin_vault._program import find_program, working_folder


def program(path: Path, text: str = "") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: Any) -> dict[str, str]:
    """A program in each place."""
    names = {name: program(tmp_path / name / "plugin-vault") for name in ("setting", "variable", "packed", "path")}
    monkeypatch.setenv("PLUGIN_VAULT_BIN", names["variable"])
    monkeypatch.setattr(_program, "PACKED", names["packed"])
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "relative", "/nowhere", str(tmp_path / "path")]))
    monkeypatch.chdir(tmp_path / "path")
    return names


def test_the_places_are_tried_in_order(places: dict[str, str], monkeypatch: Any) -> None:
    assert find_program(places["setting"]) == places["setting"]
    assert find_program() == places["variable"]
    monkeypatch.delenv("PLUGIN_VAULT_BIN")
    assert find_program(packed=places["setting"]) == places["setting"]
    assert find_program() == places["packed"]
    os.remove(places["packed"])
    assert find_program() == places["path"]
    os.chmod(places["path"], stat.S_IRUSR)
    with pytest.raises(VaultError, match="Put it on PATH, or name it in PLUGIN_VAULT_BIN") as error:
        find_program()
    assert error.value.kind == "programNotFound"


@pytest.mark.parametrize(
    ("path", "says"), [("plugin-vault", "absolute"), ("./plugin-vault", "absolute"), ("/nowhere/x", "does not name a program")]
)
def test_a_named_place_is_never_skipped(places: dict[str, str], monkeypatch: Any, path: str, says: str) -> None:
    with pytest.raises(VaultError, match=f"`program`.*{says}"):
        find_program(path)
    monkeypatch.setenv("PLUGIN_VAULT_BIN", path)
    with pytest.raises(VaultError, match=f"PLUGIN_VAULT_BIN.*{says}"):
        find_program()


def test_it_starts_in_the_home_folder(world: World, monkeypatch: Any) -> None:
    monkeypatch.setenv("HOME", str(world.top))
    assert working_folder() == str(world.top)
    vault = world.vault().open()
    assert os.readlink(f"/proc/{vault.sidecar.pid}/cwd") == str(world.top)
    monkeypatch.setenv("HOME", "/nowhere")
    assert working_folder() == "/"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 2", "can't be started as plugin-vault"),
        ("echo 'no such option' >&2; exit 2", "It said: no such option"),
        ("echo hello; cat >/dev/null", "can't be started as plugin-vault"),
    ],
)
def test_another_program_is_ended_and_named(world: World, script: str, says: str) -> None:
    with pytest.raises(VaultError, match=says) as error:
        world.vault(program=program(world.top / "other", script)).open()
    assert error.value.kind == "vaultEnded"


@pytest.mark.parametrize("content", [b"#!/nowhere/loader\n", b"\x7fELF of another processor"])
def test_a_program_for_another_system_is_named(world: World, content: bytes) -> None:
    file = world.top / "foreign"
    file.write_bytes(content)
    file.chmod(0o755)
    with pytest.raises(VaultError, match="foreign can't be started: it is built for another C library or processor"):
        world.vault(program=str(file)).open()


@pytest.mark.parametrize(
    ("capabilities", "says"),
    [
        ({}, "because it is not plugin-vault. Name another program"),
        ({"protocolVersion": 2}, "because it has protocol 2. Update the Python package plugin-vault"),
        ({"protocolVersion": 0}, "because it has protocol 0. Update plugin-vault"),
    ],
)
def test_a_program_of_another_version_is_not_used(world: World, capabilities: Any, says: str) -> None:
    result = {"capabilities": {"experimental": {"pluginVault": capabilities}}}
    body = json.dumps({"jsonrpc": "2.0", "id": 0, "result": result})
    answer = f"Content-Length: {len(body)}\\r\\n\\r\\n{body}"
    with pytest.raises(VaultError, match=says) as error:
        world.vault(program=program(world.top / "other", f"read line; printf '{answer}'; cat >/dev/null")).open()
    assert error.value.kind == "programUnsuitable"


def test_a_program_that_never_answers_is_ended(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("plugin_vault._process.HANDSHAKE", 0.2)
    silent = program(world.top / "silent", "exec sleep 600")
    with pytest.raises(VaultError) as error:
        world.vault(program=silent).open()
    assert error.value.kind == "vaultEnded"
