"""What a program can hold of the package's form."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import unasync
from plugin_vault import AsyncVault, Vault, __version__

PACKAGE = Path(__file__).parents[1]


@pytest.mark.parametrize(("path", "text"), unasync.made().items(), ids=lambda value: getattr(value, "name", ""))
def test_the_vault_for_threads_is_made_from_the_one_for_asyncio(path: Path, text: str) -> None:
    assert path.read_text("utf-8") == text, "run `python unasync.py`"
    for word in ("await", "async ", "Async", "Answer", "Value["):
        assert word not in text


def test_both_classes_have_the_same_methods_and_parameters() -> None:
    def face(of: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(of, inspect.isfunction)
        return {name: list(inspect.signature(method).parameters) for name, method in methods if name[0] != "_"}

    assert face(Vault) == face(AsyncVault)


def test_the_version_is_the_program_s() -> None:
    cargo = (PACKAGE.parents[1] / "Cargo.toml").read_text("utf-8")
    assert f'\nversion = "{__version__}"\n' in cargo


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["mypy", "--strict", "src", "unasync.py", "wheels.py"],
        ["vermin", "-q", "--no-tips", "-t=3.8-", "src", "unasync.py", "wheels.py"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_linters_find_nothing(command: list[str], tmp_path: Path) -> None:
    cache = {"ruff": ["--no-cache"], "mypy": ["--cache-dir", str(tmp_path)]}.get(command[0], [])
    completed = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:], *cache], cwd=PACKAGE, capture_output=True, text=True
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
