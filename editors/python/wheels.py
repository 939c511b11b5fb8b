"""Builds the wheels of this package: one without a program, and one for each system with the program inside.

    python wheels.py FOLDER [TAG=PROGRAM …]

`TAG` is a platform tag of wheels, for example `manylinux_2_28_x86_64`, `macosx_11_0_arm64` or `win_amd64`, and `PROGRAM` is
plugin-vault for that system. A file THIRD-PARTY-NOTICES.txt beside the program goes into the wheel too. It needs
`flit_core`, and neither a network nor a machine of that system.
"""

import base64
import hashlib
import os
import re
import sys
from pathlib import Path
from typing import List, Tuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flit_core.buildapi import build_wheel  # type: ignore[import-untyped]

HERE = Path(__file__).resolve().parent
EXECUTABLE = 0o100755 << 16


def build_pure(folder: Path) -> Path:
    """Builds the wheel without a program."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    before = Path.cwd()
    # flit_core builds the project of the current folder.
    os.chdir(HERE)
    try:
        wheel = folder / str(build_wheel(str(folder)))
    finally:
        os.chdir(before)
    entries = _entries(wheel)
    _write(wheel, [(entry, _resolved(data) if _is(entry, "METADATA") else data) for entry, data in entries])
    return wheel


def build_with_program(pure: Path, tag: str, program: Path) -> Path:
    """Builds a wheel for one system from the wheel without a program."""
    name, version = pure.name.split("-")[:2]
    suffix = ".exe" if tag.startswith("win") else ""
    result = pure.with_name(f"{name}-{version}-py3-none-{tag}.whl")
    entries = []
    for entry, data in _entries(pure):
        if _is(entry, "WHEEL"):
            text = data.decode().replace("Tag: py3-none-any", f"Tag: py3-none-{tag}")
            data = text.replace("Root-Is-Purelib: true", "Root-Is-Purelib: false").encode()
        entries.append((entry, data))
    binary = ZipInfo(f"{name}/bin/plugin-vault{suffix}", date_time=entries[0][0].date_time)
    binary.external_attr = EXECUTABLE
    entries.append((binary, program.read_bytes()))
    notices = program.with_name("THIRD-PARTY-NOTICES.txt")
    if notices.exists():
        entry = ZipInfo(f"{name}/bin/{notices.name}", date_time=entries[0][0].date_time)
        entries.append((entry, notices.read_bytes()))
    _write(result, entries)
    return result


def _entries(wheel: Path) -> List[Tuple[ZipInfo, bytes]]:
    """The files of a wheel, without the list of them."""
    with ZipFile(wheel) as source:
        return [(entry, source.read(entry)) for entry in source.infolist() if not _is(entry, "RECORD")]


def _is(entry: ZipInfo, name: str) -> bool:
    return entry.filename.endswith(f".dist-info/{name}")


def _resolved(metadata: bytes) -> bytes:
    """Replaces links to other pages of the repository by their text: a wheel has none of these pages."""
    return re.sub(r"\[([^\[\]]*)\]\(\.\./[^)\s]*\)", r"\1", metadata.decode()).encode()


def _write(wheel: Path, entries: List[Tuple[ZipInfo, bytes]]) -> None:
    """Writes a wheel with these files, and the list of them."""
    with ZipFile(wheel, "w", ZIP_DEFLATED) as target:
        for entry, data in entries:
            entry.compress_type = ZIP_DEFLATED
            target.writestr(entry, data)
        lines = [f"{entry.filename},sha256={_digest(data)},{len(data)}" for entry, data in entries]
        name, version = wheel.name.split("-")[:2]
        record = f"{name}-{version}.dist-info/RECORD"
        target.writestr(record, "\n".join([*lines, f"{record},,", ""]))


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def main(arguments: List[str]) -> int:
    """Builds what the arguments say, and prints the paths of the wheels."""
    if not arguments or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    pure = build_pure(Path(arguments[0]))
    print(pure)
    for argument in arguments[1:]:
        tag, _, program = argument.partition("=")
        if not Path(program).is_file():
            print(f"{argument} names no program. Pass TAG=PROGRAM, with the path of a built program.", file=sys.stderr)
            return 1
        print(build_with_program(pure, tag, Path(program)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
