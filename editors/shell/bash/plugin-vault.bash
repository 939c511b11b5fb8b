# shellcheck shell=bash
# plugin-vault in bash: values in variables, and names of records at the Tab key. `source` this file in ~/.bashrc, after the
# completions that `plugin-vault completions bash` prints, if you use them.

# plugin-vault-get VARIABLE ARGUMENT…: reads a value into a variable, with the arguments of `plugin-vault get`.
plugin-vault-get() {
  local _plugin_vault_text _plugin_vault_code
  _plugin_vault_check plugin-vault-get "$@" || return
  # A shell drops the character NUL without a word. 0xFF, which is in no text, shows where one was.
  _plugin_vault_text=$(
    "${PLUGIN_VAULT_BIN:-plugin-vault}" get "${@:2}" | LC_ALL=C tr '\000' '\377'
    printf '/%s' "${PIPESTATUS[0]}"
  )
  _plugin_vault_code=${_plugin_vault_text##*/} _plugin_vault_text=${_plugin_vault_text%/*}
  if [[ $_plugin_vault_code != 0 ]]; then return "$_plugin_vault_code"; fi
  if [[ $_plugin_vault_text == *$'\377'* ]]; then
    echo 'plugin-vault-get: the text has the character NUL, which a variable can not hold; read it without --raw' >&2
    return 1
  fi
  # The line end after JSON is not part of it.
  _plugin_vault_is_raw "$@" || _plugin_vault_text=${_plugin_vault_text%$'\n'}
  printf -v "$1" %s "$_plugin_vault_text"
}

# plugin-vault-set VARIABLE ARGUMENT…: stores the value of a variable, with the arguments of `plugin-vault set`.
plugin-vault-set() {
  _plugin_vault_check plugin-vault-set "$@" || return
  # plugin-vault does not get the variable in its environment, even if it is exported.
  printf %s "${!1}" | (unset -v "$1" && exec "${PLUGIN_VAULT_BIN:-plugin-vault}" set "${@:2}")
}

_plugin_vault_check() {
  if [[ $# -ge 3 && $2 =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]]; then return 0; fi
  echo "$1: give the name of a variable and the name of a record, for example: $1 TOKEN me.notes#/token --raw" >&2
  return 2
}

_plugin_vault_is_raw() {
  local argument
  for argument; do
    if [[ $argument == --raw ]]; then return 0; fi
  done
  return 1
}

# The names of all records, one on each line. It asks for no passphrase, and has no complaints.
_plugin_vault_names() {
  PLUGIN_VAULT_ASKPASS='' "${PLUGIN_VAULT_BIN:-plugin-vault}" list --json </dev/null 2>/dev/null |
    grep -o '"ref":"[^"\\]*"' | cut -d '"' -f 4 | sort -u
}

# For `plugin-vault get` and its like, plugin-vault-get and plugin-vault-set. All else is left to plugin-vault's own completions.
_plugin_vault_complete() {
  local line=${COMP_LINE:0:COMP_POINT} word name begin=''
  # COMP_WORDS has a name in pieces, since it ends a word at each colon.
  word=${line##*[[:space:]]}
  COMPREPLY=()
  if [[ $word != -* && $line =~ plugin-vault[[:space:]]+(get|set|patch|delete)[[:space:]] ]] ||
    [[ $word != -* && $line =~ plugin-vault-[gs]et[[:space:]]+[^[:space:]]+[[:space:]] ]]; then
    if [[ $COMP_WORDBREAKS == *:* && $word == *:* ]]; then begin=${word%:*}:; fi
    while IFS= read -r name; do
      if [[ $name == "$word"* ]]; then COMPREPLY+=("$(printf %q "${name#"$begin"}")"); fi
    done < <(_plugin_vault_names)
  elif [[ $1 == plugin-vault-[gs]et ]]; then
    mapfile -t COMPREPLY < <(compgen -v -- "$word")
  elif declare -F _plugin__vault >/dev/null; then
    _plugin__vault "$@"
  fi
}
complete -F _plugin_vault_complete plugin-vault plugin-vault-get plugin-vault-set
