"""A root folder of Debian 12 with its essential packages and nothing else, made once, and copied for each test."""

import subprocess
from pathlib import Path

from shared import CACHE, run

SUITE = "bookworm"


def copy(place: Path) -> Path:
    """A copy of the root folder."""
    made = CACHE / f"debian-{SUITE}.tar"
    if not made.exists():
        CACHE.mkdir(exist_ok=True)
        unfinished = made.with_name("unfinished.tar")
        # The machine's own mirror, if this is a Debian.
        run("mmdebstrap", "--quiet", "--variant=essential", SUITE, unfinished, *mirror())
        unfinished.rename(made)
    place.mkdir()
    run("tar", "--extract", "--file", made, "--directory", place, "--exclude=./dev/*")
    # Not every container may make devices. Programs write to this one, and read nothing from it.
    (place / "dev" / "null").touch()
    return place


def mirror() -> list[str]:
    """The mirror that apt uses for this machine, or nothing for the usual one."""
    asked = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)"], text=True, stdout=subprocess.PIPE)
    found = [line for line in asked.stdout.splitlines() if line.rstrip("/").endswith("/debian")]
    return found[:1]


def enter(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in the root folder, and prints what it prints."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["chroot", root, *command], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(done.stdout, end="")
    return done
