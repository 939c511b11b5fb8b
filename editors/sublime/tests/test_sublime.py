"""The package for Sublime Text on a stub of `sublime`, with the real program. The stub is not the editor."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest
import sublime
from conftest import Relay, World

PACKAGE = Path(__file__).parents[1]
# Sublime Text's plugin host has Python 3.8.
VERMIN = ["vermin", "-q", "--no-tips", "-t=3.8-", "api.py", "plugin.py"]


@pytest.fixture
def package(world: World, monkeypatch: Any) -> Iterator[Any]:
    """The package, loaded under its name, and one window."""
    monkeypatch.setenv("PLUGIN_VAULT_DATA_DIR", str(world.top / "data"))
    monkeypatch.setenv("PLUGIN_VAULT_KEY_DIR", str(world.top / "keys"))
    (world.top / "PluginVault").symlink_to(PACKAGE)
    monkeypatch.syspath_prepend(str(world.top))
    sublime.settings.clear()
    sublime.shown.clear()
    sublime.opened[:] = [sublime.Window("/projects/my notes")]
    plugin = importlib.import_module("PluginVault.plugin")
    yield plugin
    plugin.plugin_unloaded()
    sublime.settle()
    assert world.processes() == []
    for name in [name for name in sys.modules if name.startswith("PluginVault")]:
        del sys.modules[name]


def run(command: Any) -> str:
    """Runs a command as the palette does. Returns the last thing that was shown."""
    command.run()
    sublime.settle()
    return sublime.shown[-1] if sublime.shown else ""


def test_other_packages_keep_data(package: Any, world: World) -> None:
    api = package.api
    with api.open_vault("me.notes") as vault, api.open_vault("me.other") as other:
        vault.set("user", {"token": world.word()})
        vault.set("workspace", {"n": 1})
        assert other.get("user") is None
        assert vault.get("workspace", folder=api.folder_uri("/projects/my notes")) == {"n": 1}
        assert len(world.processes()) <= 1


def test_workspace_follows_the_folders_of_the_windows(package: Any) -> None:
    vault, folders = package.api.open_vault("me.notes"), package.PluginVaultFolders()
    vault.set("workspace", {"n": 1})
    sublime.opened.append(sublime.Window("/projects/second"))
    folders.on_load_project_async(sublime.opened[1])
    with pytest.raises(package.VaultError) as error:
        vault.get("workspace")
    assert error.value.kind == "workspaceFolderRequired"
    del sublime.opened[0]
    folders.on_pre_close_window(None)
    sublime.settle()
    assert vault.get("workspace") is None


def test_status_says_what_protects_the_store(package: Any) -> None:
    assert "There is no store yet." in run(package.PluginVaultStatusCommand())
    package.api.open_vault("me.notes").set("user", {"n": 1})
    assert re.match(
        r"The store is unlocked, with 1 record\.\nProtected by a key file\.", run(package.PluginVaultStatusCommand())
    )


def test_plugins_are_listed_and_forgotten_after_a_question(package: Any) -> None:
    window = sublime.opened[0]
    assert run(package.PluginVaultListCommand(window)) == "Plugin Vault: no plugin has data"
    vault = package.api.open_vault("me.notes")
    vault.set("user", {"n": 1})
    run(package.PluginVaultListCommand(window))
    assert window.panels.pop()[0] == [["me.notes", "sublime-text"]]
    run(package.PluginVaultForgetCommand(window))
    _, choose = window.panels.pop()
    choose(-1)
    sublime.answers[:] = [False]
    choose(0)
    sublime.settle()
    assert "Destroy everything that me.notes has stored" in sublime.shown[-1]
    assert vault.get("user") == {"n": 1}
    sublime.answers[:] = [True]
    choose(0)
    sublime.settle()
    assert sublime.shown[-1] == "Plugin Vault: me.notes is forgotten"
    with pytest.raises(package.VaultError) as error:
        vault.get("user")
    assert error.value.kind == "apiKeyRevoked"


def test_a_locked_store_is_unlocked_with_a_passphrase(package: Any, world: World) -> None:
    package.api.open_vault("me.notes").set("user", {"n": 1})
    package.api.close()
    passphrase, window = world.lock(), sublime.opened[0]
    assert "The store is locked" in run(package.PluginVaultStatusCommand())
    run(package.PluginVaultUnlockCommand(window))
    caption, enter = window.panels.pop()
    assert caption == "Passphrase (it is visible):"
    enter(world.word())
    sublime.settle()
    caption, enter = window.panels.pop()
    assert caption == "Wrong. Passphrase (it is visible):"
    enter(passphrase)
    sublime.settle()
    assert sublime.shown[-1] == "Plugin Vault: the store is unlocked"
    assert package.api.open_vault("me.notes").get("user") == {"n": 1}


def test_the_setting_names_the_program(package: Any) -> None:
    sublime.settings["program"] = "relative/plugin-vault"
    for command in (package.PluginVaultStatusCommand(), package.PluginVaultListCommand(sublime.opened[0])):
        assert "Use an absolute path" in run(command)
    sublime.settings["program"] = os.environ["PLUGIN_VAULT_BIN"]
    package.api.close()
    assert "There is no store yet." in run(package.PluginVaultStatusCommand())


@pytest.mark.parametrize("content", [b"#!/nowhere/loader\n", b"\x7fELF of another processor"])
def test_a_program_for_another_system_is_named(package: Any, world: World, content: bytes) -> None:
    file = world.top / "foreign"
    file.write_bytes(content)
    file.chmod(0o755)
    sublime.settings["program"] = str(file)
    for command in (package.PluginVaultStatusCommand(), package.PluginVaultListCommand(sublime.opened[0])):
        assert f"{file} can't be started: it is built for another C library or processor" in run(command)


def test_the_setting_names_the_relay_of_each_plugin(package: Any, world: World, monkeypatch: Any) -> None:
    local = world.vault().open()
    with Relay(world, world.plugin) as relay:
        # As in a container, which has a store of its own.
        monkeypatch.setenv("PLUGIN_VAULT_DATA_DIR", str(world.top / "here"))
        sublime.settings["connect"] = str(relay.socket.with_name("${plugin}"))
        vault = package.api.open_vault(world.plugin)
        vault.set("user", {"n": 1})
        assert local.get("user") == {"n": 1}
        with pytest.raises(package.VaultError) as error:
            package.api.open_vault("me.other").get("user")
        assert error.value.kind == "vaultEnded"
        with pytest.raises(package.VaultError, match="a key of its own") as error:
            package.api.open_vault(api_key="0123456789" * 4)
        assert error.value.kind == "notPermitted"
        # One relay for all packages: it refuses the other plugins.
        sublime.settings["connect"] = str(relay.socket)
        with pytest.raises(package.VaultError, match="Start a relay for me") as error:
            package.api.open_vault("me.other").get("user")
        assert error.value.kind == "notPermitted"
        assert "on the machine of the relay" in run(package.PluginVaultStatusCommand())
        assert "run this on the machine that has the store" in run(package.PluginVaultListCommand(sublime.opened[0]))
    local.close()


def test_the_palette_has_each_command(package: Any) -> None:
    entries = json.loads((PACKAGE / "PluginVault.sublime-commands").read_text("utf-8"))
    for entry in entries:
        name = "".join(word.capitalize() for word in entry["command"].split("_"))
        assert hasattr(package, f"{name}Command"), entry
    assert len(entries) == len([name for name in vars(package) if name.endswith("Command") and name.startswith("PluginVault")])


def test_the_readme_s_package_keeps_a_token(package: Any, world: World, capsys: Any) -> None:
    readme = (PACKAGE / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    names: Any = {}
    exec(example, names)
    for expected in ("no token yet\n", "abc\n"):
        names["RememberTokenCommand"](sublime.opened[0]).run()
        sublime.settle()
        assert capsys.readouterr().out == expected
    names["plugin_unloaded"]()


def test_mypy_finds_nothing(world: World) -> None:
    # Sublime Text loads the package under this name.
    (world.top / "PluginVault").symlink_to(PACKAGE)
    mypy = [str(Path(sys.executable).parent / "mypy"), "--config-file", str(PACKAGE / "pyproject.toml")]
    options = ["--cache-dir", str(world.top / "mypy"), "-m", "PluginVault.api", "-m", "PluginVault.plugin"]
    completed = subprocess.run([*mypy, *options], cwd=world.top, capture_output=True, text=True)
    assert completed.returncode == 0, completed.stdout + completed.stderr


@pytest.mark.parametrize("command", [["ruff", "check", "--no-cache"], ["ruff", "format", "--no-cache", "--check"], VERMIN])
def test_the_linters_find_nothing(command: list[str]) -> None:
    program = str(Path(sys.executable).parent / command[0])
    completed = subprocess.run([program, *command[1:]], cwd=PACKAGE, capture_output=True, text=True)
    assert completed.returncode == 0, completed.stdout + completed.stderr
