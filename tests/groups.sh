# shellcheck shell=bash disable=SC2016,SC2154
# The groups of tests/run that are more than one command. tests/run reads this file.

top=$PWD
cache=$top/tests/.cache
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache" "$work/mount" "$work/folder"
# The tests must not meet the caller's own store or log settings.
unset PLUGIN_VAULT_DATA_DIR PLUGIN_VAULT_KEY_DIR PLUGIN_VAULT_STORE RUST_LOG
export PYTHONDONTWRITEBYTECODE=1
# The program as it ships, and the program that injects faults, for the tests that are not in Rust.
export PLUGIN_VAULT_BIN=$work/plugin-vault PLUGIN_VAULT_FAULTS_BIN=$work/plugin-vault-with-faults
# What each binding made of the conformance cases.
export CONFORMANCE_OUTCOMES=$work/outcomes

hash_of() { cat "$@" | cksum | tr -d ' \t\n'; }

# --- The program, compiled by the first group that needs it

with_program() { program "$PLUGIN_VAULT_BIN" cargo build --locked --bin plugin-vault && "$@"; }
# As the tests of all features have compiled it.
with_faults() { program "$PLUGIN_VAULT_FAULTS_BIN" full --no-run --test tidy && "$@"; }

# program FILE CARGO…
program() {
  local made
  if [ -x "$1" ]; then return 0; fi
  made=$("${@:2}" --quiet --message-format=json-render-diagnostics |
    sed -n 's/.*"executable":"\([^"]*\/plugin-vault\)".*/\1/p' | tail -n 1)
  [ -n "$made" ] && cp "$made" "$1"
}

# --- What is installed

# no_database_service SUDO: Debian's package starts a server of its own when it is installed, unless this file says no.
no_database_service() {
  local folder=/etc/postgresql-common/createcluster.d
  $1 mkdir -p "$folder" && echo 'create_main_cluster = false' | $1 tee "$folder/no-cluster-for-tests.conf" >/dev/null
}

# --- Rust

# Of the tests about keys, only those that need the feature.
failure_points() {
  full --test faults
  local status=$?
  full --test keys -- crashes:: forensic:: && return "$status"
}

# --- Stores on a server

# The tests of shared stores. Then those of every store run a second time, with each store on a server of the run's own.
postgresql() {
  local status=0 target history=the_history_of_many_sidecars_is_one_that_a_single_store_could_have_given
  full --test postgres -- --skip networks:: || status=1
  for target in conformance keys model; do on_server "$target" || status=1; done
  on_server history --test-threads 1 --nocapture --skip machines:: --skip check:: --skip fencing:: --skip "$history" || status=1
  RIG_SECONDS=${RIG_SECONDS:-60} PLUGIN_VAULT_TEST_STORE=postgres rig history --exact "$history" || status=1
  rig history machines:: || status=1
  return "$status"
}
# on_server TARGET ARGUMENT…: all tests of a target but those that tests/postgres/exceptions.list leaves out.
on_server() {
  local skipped=() name
  for name in $(sed -n "s/^$1 \([^ ]*\) .*/\1/p" tests/postgres/exceptions.list); do skipped+=(--skip "$name"); done
  PLUGIN_VAULT_TEST_STORE=postgres full --test "$1" -- "${skipped[@]}" "${@:2}"
}
# Three machines and a server with addresses of their own. The programs are built before, since there is no way out.
networks() {
  full --no-run --test postgres && unshare --mount --net cargo test --locked --offline --features "$features" --test postgres -- networks::
}

# --- Mounts and namespaces of the test's own, which end with it. A user who is not root is root of a user namespace.

alone=(unshare --mount)
[ "$(id -u)" = 0 ] || alone=(unshare --user --map-root-user --mount)

may_make_namespaces() {
  "${alone[@]}" sh -c 'mount -t tmpfs none "$0" && mount -t tmpfs -o remount,ro none "$0" && unshare --pid --fork true' \
    "$work/mount"
}
may_mount_by_fuse() { "${alone[@]}" sh -c 'bindfs "$0" "$1" && umount "$1"' "$work/folder" "$work/mount"; }
may_change_root() { [ "$(id -u)" = 0 ] && chroot / true; }
may_mount_images() {
  [ "$(id -u)" = 0 ] && truncate -s 16M "$work/image" && mkfs.ext4 -q "$work/image" &&
    unshare --mount mount -o loop "$work/image" "$work/mount"
}

# isolated TEST ARGUMENT…
isolated() { "${alone[@]}" cargo test --locked --features "$features" --test "$1" -- "${@:2}"; }

# --- Clients

# npm_ci FOLDER: installs what its lock file names, once for each content of the lock file.
npm_ci() {
  local stamp
  stamp=$1/node_modules/.installed-$(hash_of "$1/package.json" "$1/package-lock.json")
  if [ -e "$stamp" ]; then return 0; fi
  npm ci --ignore-scripts --prefix "$1" --cache "$cache/npm" && touch "$stamp"
}

# node_tests NODE FOLDER FILES…: the tests in a folder. FILES are patterns, since Node 20 knows none. A file that does not end is
# ended, and named.
# shellcheck disable=SC2068
node_tests() { cd "$2" && "$1" --test --test-reporter=spec --test-timeout=600000 ${@:3}; }

client_tests() { npm_ci "$1" && node_tests node "$1" '*.test.mjs'; }

# python_tools REQUIREMENTS: prints the folder of programs of an environment with what a file names. It is made once for each content
# of that file.
python_tools() {
  local venv
  venv=$cache/venv-$(hash_of "$1" <(python3 -VV))
  if [ ! -e "$venv/installed" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv" >&2 || return 1
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$1" >&2 || return 1
    touch "$venv/installed"
  fi
  printf '%s\n' "$venv/bin"
}

# python_tests FOLDER REQUIREMENTS ARGUMENTS…: pytest in a folder, in an environment with what a file names.
python_tests() {
  local tools
  tools=$(python_tools "$2") || return 1
  cd "$1" && "$tools/python" -m pytest -q -rs --color=no -p no:cacheprovider "${@:3}"
}

python_clients() { python_tests tests/clients/python tests/clients/python/requirements.txt; }

# The TypeScript types are compiled with the Node binding.
schema_types() {
  check 'Vim reads its types' vim -es -u NONE -i NONE -S tests/clients/types/types.vim
  check 'Lua reads its types' lua5.4 tests/clients/types/types.lua schema/types/plugin_vault.lua
}

# The code blocks of the pages. tests/docs/README.md says which are run.
documentation_code() {
  built_node_binding && npm_ci tests/clients/node && node_tests "$(node_of 24)" tests/docs '*.test.mjs'
}

# README's first command: what it prints, and what it leaves on the disk.
readme_command() {
  local answers=$work/answers store=$work/readme status=0
  "$PLUGIN_VAULT_BIN" --data-dir "$store/data" --key-dir "$store/keys" <tests/data/first.jsonl >"$answers" || status=$?
  cat "$answers"
  check 'it exits with 0' test "$status" = 0
  check 'three lines, three answers' test "$(grep -c '' "$answers")" = 3
  check 'the key gets a handle' grep -qE '"id":1,"result":\{"handle":"[^"]+"' "$answers"
  check 'the object gets a revision' \
    grep -qxE '\{"jsonrpc":"2.0","id":2,"result":\{"revision":[1-9][0-9]*\}\}' "$answers"
  check 'the object comes back' grep -qxF '{"jsonrpc":"2.0","id":3,"result":{"example":123}}' "$answers"
  check 'there is a store' test -s "$store/data/data.mdb"
  check 'it does not show the object' absent "$store/data" example
  check 'it does not show the key' absent "$store/data" 0123456789abcdef0123456789abcdef01234567
  # And the very line that README shows.
  bash -c "$(grep -m 1 'tests/data/first.jsonl' README.md)" >"$answers.readme"
  check "README's own line gives the same three answers" same_answers "$answers" "$answers.readme"
}
absent() { ! grep -rqaiF -e "$2" "$1" && ! find "$1" | grep -qiF -e "$2"; }
# Handles and revisions differ from run to run.
same_answers() { [ -s "$1" ] && diff <(plain_answers "$1") <(plain_answers "$2"); }
plain_answers() { sed -E 's/"(handle|keyId)":"[^"]*"/"\1"/g; s/"revision":[0-9]+/"revision"/' "$1" | sort; }

# --- Bindings

# The Node of a major version that the tests bring along.
node_of() {
  local machine
  case $(uname -m) in aarch64 | arm64) machine=arm64 ;; *) machine=x64 ;; esac
  printf '%s\n' "$top/tests/hosts/node/node_modules/node-$1-$machine/bin/node"
}
node_hosts() { npm_ci tests/hosts/node; }
built_node_binding() { node_hosts && npm_ci editors/node && npm run --silent --prefix editors/node build; }

conformance_runner() { node_hosts && node_tests "$(node_of 24)" editors/conformance run.test.mjs; }
# Bundlers, the compiler and the MCP SDK run on the Node of the author, so the tests with them run on the later Node only.
node_binding() {
  local files='test/*.test.mjs'
  [ "$1" != 20 ] || files='test/[!bmt]*.test.mjs test/manners.test.mjs test/tokens.test.mjs'
  built_node_binding && node_tests "$(node_of "$1")" editors/node "$files"
}
# The rig of `vault.tokens`.
token_refresh() { built_node_binding && node_tests "$(node_of 24)" editors/node test/rig/refresh.test.mjs; }
cloud9_binding() { built_node_binding && npm_ci editors/cloud9 && node_tests "$(node_of 24)" editors/cloud9 'test/*.test.mjs'; }
python_binding() { python_tests editors/python editors/python/tests/requirements.txt; }
# On a stub of the editor.
sublime_package() { python_tests editors/sublime editors/python/tests/requirements.txt; }
# What `editors/pack` makes for npm, in an empty folder. It builds the binding again, so no other test of it may run beside this.
packages() { built_node_binding && node_tests "$(node_of 24)" editors pack.test.mjs; }
# The extension as it is packed, in code-server and a browser. prepare.sh installs them, once for each content of their lock file.
vscode_extension() {
  local prepared
  prepared=$(editors/vscode/test/prepare.sh "$cache") && eval "$prepared" &&
    node_tests node editors/vscode --test-concurrency=1 'test/*.test.mjs'
}
# The package in the installed Emacs, or in the Emacs 30 that prepare.sh unpacks, together with package-lint.
emacs_binding() {
  local emacs=emacs lint=() folder home=$work/emacs-home
  cd editors/emacs || return 1
  if [ "$1" = 30 ]; then
    emacs=$(test/prepare.sh "$cache") || return 1
    for folder in "${emacs%/*}"/unpacked/usr/share/emacs/site-lisp/elpa-src/*; do lint+=(-L "$folder"); done
  fi
  rm -rf "$home" && mkdir -p "$home"
  # In batch mode, and only there, Emacs is ended by a write to a process that has ended.
  trap '' PIPE
  HOME=$home "$emacs" -Q --batch "${lint[@]}" -l test/lint.el || return 1
  HOME=$home EMACS_UNDER_TEST=$emacs "$emacs" -Q --batch -L . -L test -l conformance -l behaviour -l auth -l screen -l manners -l relay \
    -f ert-run-tests-batch-and-exit 2>&1 | sed -E 's/^ +passed +[0-9]+\/[0-9]+ +/ok /; s/^ +FAILED +[0-9]+\/[0-9]+ +/WRONG /'
}
# In Neovim and Vim of several versions. prepare.sh gets the newer ones, once for each content of its files.
vi_binding() {
  local prepared
  node_hosts && prepared=$(tests/hosts/vi/prepare.sh "$cache") && eval "$prepared" &&
    node_tests "$(node_of 24)" "editors/$1" --test-concurrency=1 'test/*.test.mjs'
}
# In Kakoune, micro and the shells.
shell_plugin() { node_hosts && node_tests "$(node_of 24)" editors/shell 'test/*.test.mjs'; }
# The library as it is packed, in plain Java and in Eclipse's platform. prepare.sh gets the jars, once for each content of its files.
jvm_binding() { editors/jvm/test/run.sh "$cache"; }
# The packages of a build, without a release's optimisation.
distribution() {
  local out=$work/dist system
  check 'all versions, licences and repositories agree' dist/check-version
  case $(uname -m) in aarch64 | arm64) system=linux-arm64 ;; *) system=linux-x64 ;; esac
  dist/build "$system" "$out" quick && dist/package "$out" && dist/test "$out"
}
# As GitHub would read them: nothing here can run them.
workflows() {
  local tools
  tools=$(python_tools dist/workflows.txt) || return 1
  check 'each action has the hash of its commit and its version' pinned .github/workflows/*.yml
  check 'zizmor finds no weakness' "$tools/zizmor" --offline --no-progress .github/workflows
  check 'the workflows have the form that GitHub reads' \
    "$tools/check-jsonschema" --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
}
pinned() { ! grep -HE '\buses:' "$@" | grep -vE 'uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$'; }
conformance_table() { "$(node_of 24)" editors/conformance/table.mjs "$CONFORMANCE_OUTCOMES"; }

# Few calls of each benchmark. Nothing is judged by them.
benchmarks() { check 'every part runs, and draws its chart' benches/run --smoke; }
