"""The wheels, installed into a new environment, and the examples of the README."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any, List

import pytest
from conftest import World

import wheels
from plugin_vault import LoginNeeded

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
EXAMPLE, TOKENS, _ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SYSTEM = sysconfig.get_platform().replace("-", "_").replace(".", "_")


@pytest.fixture(scope="module")
def built(tmp_path_factory: Any) -> List[Path]:
    """The wheel without a program, and the one with it for this system."""
    folder = tmp_path_factory.mktemp("wheels")
    stripped = folder / "plugin-vault"
    subprocess.run(["strip", "-o", str(stripped), os.environ["PLUGIN_VAULT_BIN"]], check=True)
    command = [sys.executable, str(Path(wheels.__file__)), str(folder), f"{SYSTEM}={stripped}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in printed.splitlines()]


@pytest.fixture
def python(world: World) -> str:
    """The Python of a new environment."""
    venv.create(world.top / "venv", symlinks=True)
    return str(world.top / "venv" / "bin" / "python")


def install(python: str, wheel: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-index", str(wheel)], check=True)


def run_example(world: World, python: str, **changes: str) -> str:
    folders = {"PLUGIN_VAULT_DATA_DIR": str(world.top / "data"), "PLUGIN_VAULT_KEY_DIR": str(world.top / "keys")}
    env = {**os.environ, **folders, **changes}
    env.pop("PYTHONPATH", None)
    completed = subprocess.run([python, "-W", "error", "-c", EXAMPLE], env=env, capture_output=True, text=True, cwd="/")
    assert completed.stderr == ""
    return completed.stdout


def test_the_wheel_without_a_program_runs_the_readme_s_example(world: World, python: str, built: List[Path]) -> None:
    install(python, built[0])
    assert run_example(world, python) == "None\n{'answers': 42, 'seen': True}\n"
    assert run_example(world, python) == "{'token': 'abc'}\n{'answers': 42, 'seen': True}\n"
    entry_points = "import importlib.metadata as m; print([e.value for e in m.entry_points(group='keyring.backends')])"
    printed = subprocess.run([python, "-c", entry_points], capture_output=True, text=True, check=True).stdout
    assert printed == "['plugin_vault.keyring']\n"


def test_the_wheel_for_a_system_contains_the_program(world: World, python: str, built: List[Path]) -> None:
    install(python, built[1])
    assert run_example(world, python, PLUGIN_VAULT_BIN="", PATH="/nowhere").startswith("None\n")


def test_the_wheels_have_the_package_and_nothing_else(built: List[Path]) -> None:
    pure, packed = (set(zipfile.ZipFile(wheel).namelist()) for wheel in built)
    modules = {path for path in pure if path.startswith("plugin_vault/")}
    source = Path(__file__).parents[1] / "src" / "plugin_vault"
    assert modules == {
        f"plugin_vault/{path.relative_to(source)}" for path in source.rglob("*.*") if path.suffix in (".py", ".typed")
    }
    assert packed - pure == {"plugin_vault/bin/plugin-vault"}
    assert [wheel.name.split("-", 2)[2] for wheel in built] == ["py3-none-any.whl", f"py3-none-{SYSTEM}.whl"]


def test_no_link_of_the_description_leaves_the_package(built: List[Path]) -> None:
    for wheel in built:
        with zipfile.ZipFile(wheel) as opened:
            (metadata,) = (opened.read(path).decode() for path in opened.namelist() if path.endswith("/METADATA"))
        assert "](.." not in metadata
        assert "docs/reference.md lists the kinds" in metadata


def test_a_program_that_is_not_there_is_not_packed(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(wheels.__file__)), str(tmp_path), "win_amd64=/nowhere/plugin-vault.exe"]
    completed = subprocess.run(command, capture_output=True, text=True)
    assert (completed.returncode, "names no program" in completed.stderr) == (1, True)


def test_the_readme_s_tokens_are_refreshed(world: World) -> None:
    vault = world.vault()
    answers: List[Any] = [{"accessToken": "a2", "refreshToken": "r2"}, None]
    logins = []

    def log_in() -> Any:
        logins.append(1)
        return {"accessToken": "a1", "refreshToken": "r1"}

    def run() -> Any:
        names = {"vault": vault, "ask_the_server": lambda old: answers.pop(0), "log_in": log_in}
        exec(TOKENS.replace('"oauth", ask_the_server', '"oauth", ask_the_server, reads=1'), names)
        return names.get("access_token")

    assert run() is None
    assert logins == [1]
    assert run() == "a2"
    assert run() is None
    assert logins == [1, 1]
    assert issubclass(LoginNeeded, Exception)
