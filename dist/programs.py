"""Checks a built program: what it says about itself, and what it needs from the system."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from shared import Target, fail, manifest, output

# What `--version` shows is one text in the program: see src/cli/version.rs.
VERSION = re.compile(
    rb"plugin-vault ([0-9][0-9A-Za-z.+-]*)\nprotocol (\d+)\nformat (\d+)\ntarget ([0-9A-Za-z_-]+)\n"
    rb"commit ([0-9a-f]{40}(?:-dirty)?|unknown)"
)

# The parts of glibc, which are one package everywhere.
GLIBC = re.compile(r"(libc|libm|libpthread|libdl|librt)\.so\.\d+|ld-linux[a-z0-9_-]*\.so\.\d+")
# What each Windows has, since 10.
WINDOWS = re.compile(
    r"(advapi32|bcrypt|bcryptprimitives|combase|crypt32|kernel32|msvcrt|ntdll|ole32|secur32|shell32|user32|userenv|ws2_32"
    r"|api-ms-win-[a-z0-9-]+)\.dll",
    re.IGNORECASE,
)
MACOS = re.compile(r"/usr/lib/|/System/Library/")


def version(program: Path) -> dict[str, str]:
    """What a program says about itself, read from its bytes, so that it can be of any system."""
    found = VERSION.search(program.read_bytes())
    if not found:
        fail(f"{program} is not plugin-vault: it has no text of `--version`.")
    names = ("version", "protocol", "format", "target", "commit")
    return dict(zip(names, (group.decode() for group in found.groups()), strict=True))


def check(target: Target, program: Path, commit: str | None = None) -> None:
    """Refuses a program that is of another version, needs more than it may, or does not start."""
    said = version(program)
    expected = {"version": manifest()["version"], "target": target["rust"]}
    if commit is not None:
        expected["commit"] = commit
    for name, value in expected.items():
        if said[name] != value:
            fail(f"{program} has the {name} {said[name]}, and not {value}.")
    if "linux" in target["rust"]:
        check_linux(target, program)
    elif "windows" in target["rust"]:
        refuse(program, [name for name in dlls(program) if not WINDOWS.fullmatch(name)])
    elif shutil.which("otool"):
        lines = output("otool", "-L", program).splitlines()[1:]
        refuse(program, [line.split()[0] for line in lines if not MACOS.match(line.strip())])
    starts(target, program, said)


def check_linux(target: Target, program: Path) -> None:
    """What an ELF file needs: nothing if it is static, and else glibc alone, no newer than the table says."""
    text = output("readelf", "--wide", "--dynamic", "--program-headers", "--version-info", program)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    if target["build"] == "static":
        refuse(program, needed + re.findall(r"program interpreter: (.*)\]", text))
        return
    refuse(program, [name for name in needed if not GLIBC.fullmatch(name)])
    numbers = {tuple(map(int, found.split("."))) for found in re.findall(r"\bName: GLIBC_(\d+(?:\.\d+)+)", text)}
    newest = max(numbers, default=())
    if newest > tuple(map(int, target["glibc"].split("."))):
        fail(f"{program} needs glibc {'.'.join(map(str, newest))}; dist/targets.toml allows {target['glibc']}.")


def dlls(program: Path) -> list[str]:
    """The libraries that a Windows program needs."""
    objdump = shutil.which("x86_64-w64-mingw32-objdump") or "objdump"
    return re.findall(r"DLL Name: (\S+)", output(objdump, "-p", program))


def refuse(program: Path, needed: list[str]) -> None:
    """Refuses a program that needs these files."""
    if needed:
        fail(f"{program} needs {', '.join(needed)}, which a system may not have.")


def runner(target: Target) -> list[str] | None:
    """What starts a program of a target on this machine: nothing, or an emulator. `None` if nothing can."""
    machine = target["rust"].split("-")[0].replace("aarch64", "arm64")
    own = {"Linux": "linux", "Darwin": "darwin", "Windows": "windows"}[platform.system()]
    if own in target["rust"] and platform.machine().replace("aarch64", "arm64").replace("AMD64", "x86_64") == machine:
        return []
    candidates: tuple[str, ...] = ()
    if "windows" in target["rust"]:
        candidates = tuple(filter(new_enough, ("wine64", "wine", "/usr/lib/wine/wine64")))
    elif own == "linux" and "linux" in target["rust"]:
        candidates = ("qemu-aarch64", "qemu-aarch64-static") if machine == "arm64" else ("qemu-x86_64",)
    elif own == "darwin" and "darwin" in target["rust"]:
        # Rosetta starts programs for the other processor, where it is installed.
        return [] if machine == "x86_64" else None
    found = next(filter(None, map(shutil.which, candidates)), None)
    if found is None:
        return None
    # The emulator looks for the dynamic linker where Debian's packages of cross compilers have it.
    roots = ["-L", "/usr/aarch64-linux-gnu"] if machine == "arm64" and target["build"] == "zig" else []
    return [found, *roots]


def new_enough(wine: str) -> bool:
    """Whether a Wine has what each program in Rust asks Windows for. That of Debian 12, 8.0, has no bcryptprimitives.dll."""
    if shutil.which(wine) is None:
        return False
    found = re.match(r"wine-(\d+)", output(wine, "--version"))
    return found is not None and int(found[1]) >= 10


def starts(target: Target, program: Path, said: dict[str, str]) -> None:
    """Starts a program with `--version`, if anything here can."""
    with_emulator = runner(target)
    if with_emulator is None:
        print(f"{program} was not started: nothing on this machine can. Start it on its own system.", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"WINEPREFIX": folder, "WINEDEBUG": "-all"}
        done = subprocess.run([*with_emulator, program, "--version"], capture_output=True, timeout=300, env=env)
        if "wine" in "".join(with_emulator):
            # It would run for some seconds more.
            server = next(filter(None, map(shutil.which, ("wineserver", "/usr/lib/wine/wineserver64"))))
            subprocess.run([server, "--kill"], env=env, check=False)
            subprocess.run([server, "--wait"], env=env, check=False)
    text = done.stdout.decode(errors="replace").replace("\r\n", "\n")
    if done.returncode != 0 or not text.startswith(f"plugin-vault {said['version']}\nprotocol "):
        fail(f"{program} does not answer --version: exit code {done.returncode}, {done.stderr.decode(errors='replace')!r}")
