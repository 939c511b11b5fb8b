#!/usr/bin/env bash
# Packs the library, and tests the packed jar: in plain Java, and as a bundle in Eclipse's platform without a window.
# PLUGIN_VAULT_BIN names the program. Prints a line for each test, `ok …` or `WRONG …`.
#
#   editors/jvm/test/run.sh CACHE
set -euo pipefail
cache=$1
cd "$(dirname "$0")/.."
jars=$(test/prepare.sh "$cache")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cases=$PWD/../conformance

check() { if "${@:2}" >"$work/log" 2>&1; then echo "ok $1"; else echo "WRONG $1" && cat "$work/log"; fi; }
path_of() { (IFS=: && echo "$*"); }

check 'the library compiles without a warning, and is packed' ./pack "$jars" "$work/packed"
library=$(echo "$work"/packed/plugin-vault-*[0-9].jar)
libraries=$(path_of "$library" "$jars/com.google.gson.jar" "$jars/org.eclipse.lsp4j.jsonrpc.jar")
equinox=$(path_of "$jars/org.eclipse.equinox.app.jar" "$jars/org.eclipse.equinox.common.jar" "$jars/error_prone_annotations.jar")

# In one package with the library, but not in its jar.
mkdir "$work/behaviour" "$work/conformance"
mapfile -t tests < <(find src/test -name '*.java')
check 'the tests compile without a warning' \
  javac --release 17 -Xlint:all -Werror -encoding UTF-8 -cp "$libraries:$equinox" -d "$work/behaviour" "${tests[@]}"
mkdir -p "$work/conformance/io/github/pluginvault"
mv "$work/behaviour/io/github/pluginvault/conformance" "$work/conformance/io/github/pluginvault"
cp src/test/equinox/plugin.xml "$work/conformance"
jar --create --file "$work/conformance.jar" --manifest src/test/equinox/MANIFEST.MF -C "$work/conformance" .

style() {
  local found
  found=$(checkstyle -c /google_checks.xml src)
  echo "$found"
  ! grep -q '^\[\(WARN\|ERROR\)\]' <<<"$found"
}
check "the sources have Google's style" style

# Each host in a folder of its own, and with no settings of the caller's. Short runs gain nothing from the second compiler.
mkdir "$work/plain" "$work/equinox" "$work/platform"
unset PLUGIN_VAULT_CONNECT PLUGIN_VAULT_DATA_DIR PLUGIN_VAULT_KEY_DIR JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS
export TIER=1
java=(java -XX:TieredStopAtLevel=1)

echo 'Plain Java'
"${java[@]}" -cp "$work/conformance.jar:$libraries" io.github.pluginvault.conformance.Suite editors/jvm "$cases" "$work/plain" || true
"${java[@]}" -cp "$work/behaviour:$libraries" io.github.pluginvault.Behaviour || true

echo 'Equinox'
test/equinox.sh "$jars" "$work/platform" io.github.pluginvault.conformance.suite "$library" "$work/conformance.jar" -- \
  'editors/jvm, Equinox' "$cases" "$work/equinox" || true
