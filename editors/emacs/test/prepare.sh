#!/usr/bin/env bash
# Unpacks Emacs 30 and package-lint of Debian 13 into a folder, once, and prints the command that starts it. Nothing is installed:
# apt-get has lists of its own, and the programs run with the libraries that are unpacked beside them.
#
#   prepare.sh CACHE
set -euo pipefail

root=$1/emacs-30
packages='emacs-nox emacs-common elpa-package-lint elpa-let-alist
libc6 libacl1 libasound2t64 libattr1 libcap2 libdbus-1-3 libffi8 libgcc-s1 libgccjit0 libgmp10 libgnutls30t64 libgpm2
libhogweed6t64 libicu76 libidn2-0 libisl23 liblcms2-2 liblzma5 libmpc3 libmpfr6 libnettle8t64 libp11-kit0 libpcre2-8-0
libselinux1 libsqlite3-0 libstdc++6 libsystemd0 libtasn1-6 libtinfo6 libtree-sitter0.22 libunistring5 libxml2 libzstd1
zlib1g'
stamp=$root/.unpacked-$(cksum <"$0" | tr -d " ")
if [ -e "$stamp" ]; then
  echo "$root/emacs"
  exit
fi
rm -rf "$root"
mkdir -p "$root"/{lists,archives}/partial "$root/unpacked"

# The machine's own mirror.
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/*$' || echo http://deb.debian.org/debian)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$root/sources.list"
own() {
  apt-get -qq -o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$root/lists" \
    -o Dir::State::status=/dev/null -o Dir::Cache="$root" -o APT::Sandbox::User=root -o Acquire::Languages=none "$@" >&2
}
own update
# shellcheck disable=SC2086
(cd "$root/archives" && own download $packages)
for package in "$root"/archives/*.deb; do dpkg -x "$package" "$root/unpacked"; done
rm -rf "$root/lists" "$root/archives" "$root"/*cache.bin

# Emacs finds the files of its build in /usr, so the command names those that are unpacked.
# shellcheck disable=SC2016
{
  echo '#!/bin/sh'
  printf 'top=%q\n' "$root/unpacked/usr"
  cat <<'COMMAND'
for loader in "$top"/lib/*/ld-linux*; do libraries=${loader%/*}; done
for share in "$top"/share/emacs/[0-9]*; do :; done
for dump in "$top"/libexec/emacs/*/*/*.pdmp; do :; done
EMACSLOADPATH=$(find "$share/lisp" -type d ! -name obsolete ! -name leim -print | tr '\n' ':')$share/lisp/leim
EMACSDATA=$share/etc EMACSDOC=$share/etc EMACSPATH=${dump%/*}
export EMACSLOADPATH EMACSDATA EMACSDOC EMACSPATH
# The unpacked compiler has no assembler.
exec "$loader" --argv0 "$top/bin/emacs-nox" --library-path "$libraries" "$top/bin/emacs-nox" --dump-file="$dump" \
  --eval '(setq native-comp-enable-subr-trampolines nil native-comp-jit-compilation nil)' "$@"
COMMAND
} >"$root/emacs"
chmod +x "$root/emacs"
"$root/emacs" -Q --batch --eval '(require (quote auth-source))' 2>"$root/first-start" || {
  cat "$root/first-start" >&2
  exit 1
}
touch "$stamp"
echo "$root/emacs"
