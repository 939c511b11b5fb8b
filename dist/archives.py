"""Archives whose bytes depend on their files alone, and on the time of the commit."""

import gzip
import io
import tarfile
import time
import zipfile
from pathlib import Path

from shared import commit_time

EXECUTABLE = ("plugin-vault", "plugin-vault.exe")


def mode(name: str) -> int:
    """The permissions of a file in an archive."""
    return 0o755 if name in EXECUTABLE else 0o644


def write(out: Path, name: str, files: dict[str, Path], kind: str) -> None:
    """Writes an archive with one folder of its own name."""
    make = zip_file if kind == ".zip" else tar_file
    (out / f"{name}{kind}").write_bytes(make(name, dict(sorted(files.items()))))


def tar_file(folder: str, files: dict[str, Path]) -> bytes:
    """A .tar.gz."""
    data = io.BytesIO()
    packed = gzip.GzipFile("", "wb", 9, data, mtime=0)
    with packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, path in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode, entry.mtime = path.stat().st_size, mode(name), commit_time()
            with path.open("rb") as file:
                tar.addfile(entry, file)
    return data.getvalue()


def zip_file(folder: str, files: dict[str, Path]) -> bytes:
    """A .zip."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}", time.gmtime(commit_time())[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose permissions follow.
            entry.external_attr = (0o100000 | mode(name)) << 16
            archive.writestr(entry, path.read_bytes())
    return data.getvalue()
