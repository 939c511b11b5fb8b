"""Finds the program, and the folder in which it starts.

The current folder may be a project of another author, so no program is taken from there or started there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Optional, Union

from ._errors import VaultError

PROGRAM = "plugin-vault.exe" if sys.platform == "win32" else "plugin-vault"
PACKED = Path(__file__).resolve().parent / "bin" / PROGRAM


PathLike = Union[str, "os.PathLike[str]"]


def find_program(program: Optional[PathLike] = None, packed: Optional[PathLike] = None) -> str:
    """The program's path: the caller's setting, `PLUGIN_VAULT_BIN`, the packed copy, or the first one on `PATH`."""
    if program:
        return _named(os.fspath(program), "The argument `program`")
    variable = os.environ.get("PLUGIN_VAULT_BIN")
    if variable:
        return _named(variable, "PLUGIN_VAULT_BIN")
    # An empty or relative entry of PATH means the current folder.
    folders = filter(os.path.isabs, os.environ.get("PATH", "").split(os.pathsep))
    copy = os.fspath(packed or PACKED)
    for path in (copy, *(os.path.join(folder, PROGRAM) for folder in folders)):
        if os.path.isabs(path) and _is_program(path):
            return path
    raise VaultError(
        "programNotFound",
        "plugin-vault is not installed. Put it on PATH, or name it in PLUGIN_VAULT_BIN or in the argument `program`.",
    )


def working_folder() -> str:
    """The user's home folder, or the root if there is none."""
    home = os.path.expanduser("~")
    return home if os.path.isabs(home) and os.path.isdir(home) else Path(sys.executable).anchor or os.sep


def _named(path: str, by: str) -> str:
    if not os.path.isabs(path):
        raise VaultError("programNotFound", f"{by} is a path that depends on the current folder. Use an absolute path.")
    if not _is_program(path):
        raise VaultError("programNotFound", f"{by} does not name a program. Correct it or remove it.")
    return path


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
