"""The notices of the code of others that is in a program: the crates, and the libraries that no crate names."""

import json
import re
from pathlib import Path
from typing import Any

from shared import TOP, Target, fail, output

# Files of a crate that are, or may be, texts of licences.
LICENCE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)([-._].*)?", re.IGNORECASE)
# The library inside a crate that the crate's own licence does not cover, and its texts.
INSIDE = {"lmdb-master-sys": ("LMDB", "OLDAP-2.8", ["lmdb/libraries/liblmdb/COPYRIGHT", "lmdb/libraries/liblmdb/LICENSE"])}


def text(target: Target) -> str:
    """The notices for the program of a target."""
    parts = [
        "plugin-vault contains the following code of others. Its own licence is in the file LICENSE.\n",
        *crates(target["rust"]),
        *libraries(target),
    ]
    return ("\n" + "=" * 80 + "\n\n").join(part.strip() + "\n" for part in parts)


def crates(rust: str) -> list[str]:
    """A part for each crate that is linked for a target, and for each library inside one."""
    listed = output("cargo", "tree", "--locked", "--target", rust, "-e", "normal,no-proc-macro", "--prefix", "none",
                    "--format", "{p}", cwd=TOP)  # fmt: skip
    # A line is `name v1.2.3`, and has more if the crate is not from the registry or was listed before.
    names = {(line.split()[0], line.split()[1]) for line in listed.splitlines() if line and "(proc-macro)" not in line}
    metadata = json.loads(output("cargo", "metadata", "--format-version", "1", "--locked", cwd=TOP))
    found = {(package["name"], f"v{package['version']}"): package for package in metadata["packages"]}
    parts = []
    for name in sorted(names):
        package = found[name]
        if package["name"] == "plugin-vault":
            continue
        folder = Path(package["manifest_path"]).parent
        parts.append(f"{package['name']} {package['version']}\nLicence: {licence(package)}\n\n{texts(folder, package)}")
        if package["name"] in INSIDE:
            library, expression, files = INSIDE[package["name"]]
            own = "\n\n".join((folder / file).read_text() for file in files)
            parts.append(f"{library}, in {package['name']} {package['version']}\nLicence: {expression}\n\n{own}")
    if not any(part.startswith("LMDB") for part in parts):
        fail("the crate that contains LMDB is not among the dependencies; correct INSIDE in dist/notices.py.")
    return parts


def licence(package: dict[str, Any]) -> str:
    """The expression that a crate declares."""
    if not package["license"]:
        fail(f"the crate {package['name']} declares no licence.")
    return str(package["license"]).replace("/", " OR ")


def texts(folder: Path, package: dict[str, Any]) -> str:
    """The texts of a crate's licences. Those of a crate without a file are the usual ones of what it declares."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and LICENCE.fullmatch(path.name))
    if " OR " in licence(package) and any("mit" in path.name.lower() for path in files):
        # Of several licences one is enough.
        files = [path for path in files if not re.search("apache|unlicense|zlib|boost", path.name, re.IGNORECASE)]
    if files:
        return "\n\n".join(path.read_text(errors="replace").strip() for path in files)
    authors = ", ".join(re.sub(r" *<.*?>", "", author) for author in package["authors"])
    declared = re.split(r"[ /()]+", package["license"])
    if "MIT" in declared:
        own = mit()
    elif "Apache-2.0" in declared:
        own = apache()
    else:
        fail(f"the crate {package['name']} has no text of its licence, {package['license']}.")
    return f"Copyright (c) {authors or 'The authors of ' + package['name']}\n\n{own}"


def mit() -> str:
    """The conditions of the MIT licence, without a copyright line."""
    return (TOP / "LICENSE").read_text().split("\n\n", 2)[2].strip()


def apache() -> str:
    """The Apache licence, which each compiler of Rust brings along."""
    sysroot = Path(output("rustc", "--print", "sysroot").strip())
    found = next(sysroot.glob("share/doc/rust*/licenses/Apache-2.0.txt"), None)
    return found.read_text().strip() if found else fail(f"{sysroot} has no text of the Apache licence.")


def libraries(target: Target) -> list[str]:
    """A part for each library that the compilers link."""
    version = output("rustc", "--version").strip()
    parts = [
        f"The standard library of Rust, {version}\nLicence: MIT OR Apache-2.0\n\n"
        "Copyright (c) The Rust Project Contributors\n\n" + mit()
    ]
    if target["build"] == "zig":
        # The exception asks for no notice in a program.
        parts.append("compiler-rt and libunwind of LLVM\nLicence: Apache-2.0 WITH LLVM-exception")
    if target["build"] == "static":
        parts.append(glibc(target))
    if target["build"] == "mingw":
        copyright = Path("/usr/share/doc/mingw-w64-common/copyright")
        parts.append(f"The runtime of mingw-w64, and libgcc\n\n{debian(copyright)}")
    return parts


def glibc(target: Target) -> str:
    """glibc in a static program. The LGPL asks that a user can link the program with another glibc."""
    copyright = Path("/usr/share/doc/libc6-dev/copyright")
    lesser = Path("/usr/share/common-licenses/LGPL-2.1")
    return (
        "The GNU C Library (glibc), and libgcc\nLicence: LGPL-2.1-or-later; libgcc: GPL-3.0-or-later WITH GCC-exception-3.1\n\n"
        "This program contains glibc, unchanged. The source of plugin-vault is public. To link it with another version of\n"
        "glibc, install that version and run `dist/build " + target["name"] + " OUT` in the source.\n\n"
        f"{debian(copyright)}\n\n{debian(lesser)}"
    )


def debian(path: Path) -> str:
    """A text that Debian's packages install."""
    if not path.exists():
        fail(
            f"{path} does not exist. It has the notices of a library that is part of the program; Debian and Ubuntu install it."
        )
    return path.read_text(errors="replace").strip()
