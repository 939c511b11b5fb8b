"""Debian's package."""

import gzip
import os
import shutil
import time
from pathlib import Path

from shared import TOP, Target, commit_time, manifest, run

CONTROL = """\
Package: plugin-vault
Version: {version}-1
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: libc6 (>= {glibc})
Section: utils
Priority: optional
Homepage: {homepage}
Description: private, encrypted store for editor extensions
 plugin-vault keeps the tokens, login state and answers of editor extensions,
 for the user and for each workspace folder. An extension starts it as a
 process, and speaks JSON-RPC 2.0 with it over stdin and stdout.
 .
 It also has commands for people and scripts, and helpers for git and docker.
"""

# What dpkg runs after it has removed the package. The data is the users', as with any other program.
POSTRM = """\
#!/bin/sh
set -e
if [ "$1" = remove ]; then
    echo "plugin-vault is removed. It has deleted no data: the stores are still in ~/.local/share/plugin-vault and"
    echo "~/.local/state/plugin-vault of each user who has used it."
fi
"""

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: plugin-vault
Source: {homepage}
Comment: The file THIRD-PARTY-NOTICES.txt.gz in this folder has the licences of
 the code of others that is in the program.

Files: *
Copyright: 2026 The plugin-vault authors
License: Expat

License: Expat
{licence}
"""


def write(out: Path, target: Target, program: Path, notices: Path, work: Path) -> None:
    """Makes the package of one target."""
    root = work / f"deb-{target['name']}"
    place(program, root / "usr/bin/plugin-vault", 0o755)
    doc = root / "usr/share/doc/plugin-vault"
    compress((TOP / "CHANGELOG.md").read_bytes(), doc / "changelog.gz")
    compress(changelog().encode(), doc / "changelog.Debian.gz")
    compress(notices.read_bytes(), doc / "THIRD-PARTY-NOTICES.txt.gz")
    (doc / "copyright").write_text(copyright())
    for page in (work / "man").iterdir():
        compress(page.read_bytes(), root / "usr/share/man/man1" / f"{page.name}.gz")
    completions = work / "completions"
    share = root / "usr/share"
    place(completions / "plugin-vault.bash", share / "bash-completion/completions/plugin-vault", 0o644)
    place(completions / "plugin-vault.zsh", share / "zsh/vendor-completions/_plugin-vault", 0o644)
    place(completions / "plugin-vault.fish", share / "fish/vendor_completions.d/plugin-vault.fish", 0o644)
    meta = root / "DEBIAN"
    meta.mkdir()
    (meta / "control").write_text(control(target, root))
    (meta / "postrm").write_text(POSTRM)
    (meta / "postrm").chmod(0o755)
    name = f"plugin-vault_{manifest()['version']}-1_{target['deb']}.deb"
    env = os.environ | {"SOURCE_DATE_EPOCH": str(commit_time())}
    run("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, out / name, env=env)


def control(target: Target, root: Path) -> str:
    """The description of the package."""
    sizes = [path.stat().st_size for path in root.rglob("*") if path.is_file()]
    return CONTROL.format(
        version=manifest()["version"],
        architecture=target["deb"],
        maintainer=maintainer(),
        size=sum((size + 1023) // 1024 for size in sizes),
        glibc=target["glibc"],
        homepage=manifest()["repository"],
    )


def maintainer() -> str:
    """Who answers for the package: an address at the host of the repository."""
    host = manifest()["repository"].split("/")[2]
    return f"The plugin-vault authors <packages@{host}>"


def changelog() -> str:
    """Debian's own changelog, which names the version and leads to ours."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(commit_time()))
    entry = "  * See changelog.gz in this folder for what has changed."
    return f"plugin-vault ({manifest()['version']}-1) unstable; urgency=medium\n\n{entry}\n\n -- {maintainer()}  {date}\n"


def copyright() -> str:
    """The licence in the form that Debian's programs read."""
    conditions = (TOP / "LICENSE").read_text().split("\n\n", 2)[2].strip()
    licence = "\n".join(f" {line}" if line else " ." for line in conditions.splitlines())
    return COPYRIGHT.format(homepage=manifest()["repository"], licence=licence)


def place(source: Path, target: Path, mode: int) -> None:
    """Copies a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def compress(data: bytes, target: Path) -> None:
    """Writes a compressed file, without a name or a time in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(data, 9, mtime=0))
