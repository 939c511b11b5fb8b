# plugin-vault in zsh: values in variables, and names of records at the Tab key. `source` this file in ~/.zshrc, after `compinit`.

# plugin-vault-get VARIABLE ARGUMENT…: reads a value into a variable, with the arguments of `plugin-vault get`.
plugin-vault-get() {
  emulate -L zsh
  local _plugin_vault_text _plugin_vault_code
  _plugin_vault_check $0 "$@" || return
  # The mark keeps the line ends at the end of the text.
  _plugin_vault_text=$("${PLUGIN_VAULT_BIN:-plugin-vault}" get "${@:2}"; print -rn -- "/$?")
  _plugin_vault_code=${_plugin_vault_text##*/} _plugin_vault_text=${_plugin_vault_text%/*}
  if [[ $_plugin_vault_code != 0 ]]; then return $_plugin_vault_code; fi
  # The line end after JSON is not part of it.
  if (( ! ${argv[(Ie)--raw]} )); then _plugin_vault_text=${_plugin_vault_text%$'\n'}; fi
  : "${(P)1::=$_plugin_vault_text}"
}

# plugin-vault-set VARIABLE ARGUMENT…: stores the value of a variable, with the arguments of `plugin-vault set`.
plugin-vault-set() {
  emulate -L zsh
  _plugin_vault_check $0 "$@" || return
  # plugin-vault does not get the variable in its environment, even if it is exported.
  print -rn -- "${(P)1}" | (unset "$1" && exec "${PLUGIN_VAULT_BIN:-plugin-vault}" set "${@:2}")
}

_plugin_vault_check() {
  emulate -L zsh
  if [[ $# -ge 3 && $2 =~ '^[A-Za-z_][A-Za-z0-9_]*$' ]]; then return 0; fi
  print -ru2 -- "$1: give the name of a variable and the name of a record, for example: $1 TOKEN me.notes#/token --raw"
  return 2
}

# The names of all records, one on each line. It asks for no passphrase, and has no complaints.
_plugin_vault_names() {
  PLUGIN_VAULT_ASKPASS='' "${PLUGIN_VAULT_BIN:-plugin-vault}" list --json </dev/null 2>/dev/null |
    grep -o '"ref":"[^"\\]*"' | cut -d '"' -f 4 | sort -u
}

# For `plugin-vault get` and its like, plugin-vault-get and plugin-vault-set. All else is left to plugin-vault's own completions.
_plugin_vault_complete() {
  local -a names
  if [[ $PREFIX == -* ]]; then
    if [[ $service == plugin-vault ]] && (( $+functions[_plugin-vault] )); then _plugin-vault "$@"; fi
  elif [[ $service == plugin-vault-* && $CURRENT == 2 ]]; then
    _parameters
  elif [[ $service == plugin-vault-* || ( $CURRENT -ge 3 && $words[2] == (get|set|patch|delete) ) ]]; then
    names=("${(@f)$(_plugin_vault_names)}")
    compadd -- "$names[@]"
  elif (( $+functions[_plugin-vault] )); then
    _plugin-vault "$@"
  fi
}
if (( $+functions[compdef] )); then compdef _plugin_vault_complete plugin-vault plugin-vault-get plugin-vault-set; fi
