# The groups of the bindings under editors/, for tests/run, which reads this file: it has the functions and the binary.

# npm_ci FOLDER: what its lock file names, once for each state of it.
npm_ci() {
  local stamp
  stamp=$1/node_modules/.installed-$(hash_of "$1/package.json" "$1/package-lock.json")
  if [ -e "$stamp" ]; then return 0; fi
  npm ci --ignore-scripts --prefix "$1" --cache "$cache/npm" && touch "$stamp"
}

# node_tests NODE FOLDER [FILE…]: the tests of a folder on this Node.
node_tests() {
  cd "$2" || return 1
  local node=$1
  shift 2
  [ $# -gt 0 ] || set -- test/*.test.mjs
  "$node" --test --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$work/log.tap" "$@"
}

# The Node of a major version that the tests bring along.
node_of() {
  local machine
  case $(uname -m) in aarch64 | arm64) machine=arm64 ;; *) machine=x64 ;; esac
  printf '%s\n' "$top/tests/hosts/node/node_modules/node-$1-$machine/bin/node"
}

built_node_binding() { npm_ci "$top/editors/node" && npm run --silent --prefix "$top/editors/node" build; }
node_binding() { npm_ci "$top/tests/hosts/node" && built_node_binding && node_tests "$(node_of "$1")" "$top/editors/node"; }

cloud9_binding() {
  npm_ci "$top/tests/hosts/node" && built_node_binding && npm_ci "$top/editors/cloud9" &&
    node_tests "$(node_of 24)" "$top/editors/cloud9"
}
conformance_runner() { npm_ci "$top/tests/hosts/node" && node_tests "$(node_of 24)" "$top/editors/conformance" run.test.mjs; }
conformance_table() { "$(node_of 24)" "$top/editors/conformance/table.mjs" "$CONFORMANCE_OUTCOMES"; }

# What `editors/pack` makes for npm, in an empty folder. It builds the binding again, so no other test of it runs beside this.
packages() {
  npm_ci "$top/tests/hosts/node" && built_node_binding && node_tests "$(node_of 24)" "$top/editors" pack.test.mjs
}

# The extension as it is packed, in code-server and a browser; prepare.sh installs them, once for each state of their lock file.
vscode_extension() {
  local prepared
  prepared=$("$top/editors/vscode/test/prepare.sh" "$cache") && eval "$prepared" &&
    node_tests node "$top/editors/vscode" --test-concurrency=1 test/*.test.mjs
}

# What each binding made of the cases, for the table.
export CONFORMANCE_OUTCOMES=$work/outcomes

if node_works && [ "$(uname)" = Linux ]; then
  group 'editors/conformance' count_node conformance_runner
  group 'editors/node on Node 20' count_node with_binary node_binding 20
  group 'editors/node on Node 24' count_node with_binary node_binding 24
  group 'editors/cloud9' count_node with_binary cloud9_binding
  group 'editors/pack' count_node with_binary packages
  if have chromium; then
    group 'editors/vscode' count_node with_binary vscode_extension
  else
    skip 'editors/vscode' 'chromium is missing'
  fi
  # Last: the groups of other bindings stand above it.
  group 'bindings and cases' count_checks conformance_table
  # Printed at each run, as it stands in editors/README.md.
  sed -n 's/^|/  |/p' "$work/log"
else
  skip 'editors' 'they need Linux, Node and npm'
fi
