"""What the scripts in this folder share: the table of targets, the versions, and how a failure ends a script."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, NoReturn

TOP = Path(__file__).resolve().parent.parent
CACHE = TOP / "tests" / ".cache"

# Nothing in a package depends on who makes it, or where.
os.environ["TZ"] = "UTC"
os.environ["LC_ALL"] = "C.UTF-8"
os.umask(0o022)

Target = dict[str, str]


def fail(message: str) -> NoReturn:
    """Ends the script with one line."""
    sys.exit(f"{Path(sys.argv[0]).name}: {message}")


def output(*command: str | Path, **options: Any) -> str:
    """What a command prints. Its failure ends the script."""
    done: subprocess.CompletedProcess[str] = subprocess.run(command, text=True, stdout=subprocess.PIPE, **options)
    if done.returncode != 0:
        fail(f"`{' '.join(map(str, command))}` ended with {done.returncode}")
    return done.stdout


def run(*command: str | Path, **options: Any) -> None:
    """Runs a command, which prints to stderr. Its failure ends the script."""
    done = subprocess.run(command, stdout=sys.stderr, **options)
    if done.returncode != 0:
        fail(f"`{' '.join(map(str, command))}` ended with {done.returncode}")


def targets() -> list[Target]:
    """The table of targets."""
    table: list[Target] = tomllib.loads((TOP / "dist" / "targets.toml").read_text())["target"]
    return table


def target_named(name: str) -> Target:
    """The row of a target."""
    found = {target["name"]: target for target in targets()}
    if name not in found:
        fail(f"{name} is no target. dist/targets.toml has {', '.join(found)}.")
    return found[name]


def program_name(target: Target) -> str:
    """The file name of the program for a target."""
    return "plugin-vault.exe" if target["name"].startswith("win32-") else "plugin-vault"


def manifest() -> dict[str, Any]:
    """The table `package` of Cargo.toml."""
    package: dict[str, Any] = tomllib.loads((TOP / "Cargo.toml").read_text())["package"]
    return package


def commit() -> str:
    """The commit of this tree; with `-dirty` if files differ from it."""
    return output("git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*", cwd=TOP).strip()


def commit_time() -> int:
    """The time of the commit, in seconds: the date of all files in packages."""
    return int(output("git", "log", "-1", "--format=%ct", cwd=TOP))


def venv(name: str) -> Path:
    """The folder of programs of a Python environment with what dist/NAME.txt names, made once for each content of that file."""
    wanted = TOP / "dist" / f"{name}.txt"
    folder = CACHE / f"dist-{name}"
    mark = folder / "installed"
    if not mark.exists() or mark.read_text() != wanted.read_text():
        run(sys.executable, "-m", "venv", "--clear", folder)
        pip = folder / "bin" / "pip"
        run(pip, "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", wanted)
        mark.write_text(wanted.read_text())
    return folder / "bin"
