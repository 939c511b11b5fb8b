#!/bin/sh
# What the commands of plugin-vault.kak do: runs plugin-vault, and prints what Kakoune has to do with the outcome.
#
#   sh commands.sh COMMAND [-register NAME | -option NAME] ARGUMENT…
#
# Kakoune sets the variables `kak_…`. A value comes in through a named pipe of Kakoune, and goes out through stdout.
set -u
export LC_ALL=C
to_kakoune=${kak_command_fifo:-} from_kakoune=${kak_response_fifo:-}

# Separates the parts of what `run` catches.
mark=$(printf '\001')
# A byte that no text in UTF-8 has. It stands for the character NUL, which a shell drops without a word.
nul=$(printf '\377')

# quoted TEXT: one word for Kakoune. The X keeps the line ends at the end of the text.
quoted() {
  printf "'"
  printf '%sX' "$1" | sed "s/'/''/g; \$s/X\$/'/"
}

fail() {
  printf 'fail -- '
  quoted "$1"
  exit
}

# Sets `program` to an absolute path, so that no file of the folder that is being edited is ever run.
find_program() {
  program=${kak_opt_plugin_vault_binary:-${PLUGIN_VAULT_BIN:-}}
  case $program in
    '') find_in_path ;;
    /*) [ -x "$program" ] || fail "There is no program $program. $where" ;;
    *) fail "The path of plugin-vault, $program, is relative. $where" ;;
  esac
}
where='Put the absolute path of plugin-vault into the option plugin_vault_binary.'

find_in_path() {
  rest=$PATH:
  while [ -n "$rest" ]; do
    program=${rest%%:*}/plugin-vault
    rest=${rest#*:}
    case $program in
      //*) ;;
      /*) if [ -f "$program" ] && [ -x "$program" ]; then return; fi ;;
    esac
  done
  fail "plugin-vault is not installed. Put the program into a folder of PATH. $where"
}

# run ARGUMENT…: runs plugin-vault, and sets `status`, `error`, and `shown`: exactly what it has printed.
run() {
  caught=$(
    {
      error=$("$program" "$@" 2>&1 >&4 4>&-)
      printf '%s%s%s%s' "$mark" "$error" "$mark" "$?"
    } 4>&1 | tr '\000' "$nul"
  )
  status=${caught##*"$mark"}
  caught=${caught%"$mark"*}
  error=${caught##*"$mark"}
  shown=${caught%"$mark"*}
}

succeed() { if [ "$status" != 0 ]; then fail "${error:-plugin-vault ended with the exit code $status.}"; fi; }

# has OPTION ARGUMENT…
has() {
  option=$1
  shift
  for argument; do
    case $argument in "$option") return 0 ;; --) return 1 ;; esac
  done
  return 1
}

# Has Kakoune write the value into the pipe.
ask_for_value() {
  case $place in
    -register) printf 'echo -to-file %s -- %%reg{%s}\n' "$from_kakoune" "$name" ;;
    -option) printf 'echo -to-file %s -- %%opt{%s}\n' "$from_kakoune" "$name" ;;
    # In a draft with the main selection only, so that no other one is piped, and all stay as they are.
    *) printf "evaluate-commands -draft %%{ select %%val{selection_desc}; execute-keys '<a-|>cat >%s<ret>' }\n" "$from_kakoune" ;;
  esac >"$to_kakoune"
}

read_value() {
  run get "$@" </dev/null
  succeed
  case $shown in *"$nul"*) fail 'The text has the character NUL, which Kakoune can not hold. Read it without --raw.' ;; esac
  # The line end after JSON is not part of it.
  has --raw "$@" || shown=${shown%?}
  case $place in
    -option) printf 'set-option current %s ' "$name" ;;
    -register) printf 'set-register %s ' "$name" ;;
    *) printf 'set-register dquote ' ;;
  esac
  quoted "$shown"
}

write_value() {
  ask_for_value
  run "$@" <"$from_kakoune"
  succeed
  keep_answer
}

keep_answer() {
  printf 'set-option global plugin_vault_answer '
  quoted "${shown%?}"
}

# Without --yes plugin-vault says what would be lost, and Kakoune asks.
delete() {
  if has --yes "$@" || has --dry-run "$@"; then
    run delete "$@" </dev/null
    succeed
    keep_answer
    return
  fi
  run delete --dry-run "$@" </dev/null
  succeed
  agreed='plugin-vault-delete-agreed %val{text}'
  for argument; do agreed="$agreed $(quoted "$argument")"; done
  what=${shown%?}
  printf 'prompt -- %s %s' "$(quoted "${what%; nothing was changed}. Delete it? (y/N) ")" "$(quoted "$agreed")"
}

# delete_agreed ANSWER ARGUMENT…
delete_agreed() {
  answer=$1
  shift
  case $answer in y | yes) delete --yes "$@" ;; *) echo 'echo nothing was deleted' ;; esac
}

show() {
  run "$@" </dev/null
  succeed
  printf 'evaluate-commands -save-regs e '
  quoted "set-register e $(quoted "$shown")
    edit! -scratch *plugin-vault*
    execute-keys '%\"eRgg'"
}

# The names of all records, one on each line, for completion. It asks for no passphrase, and has no complaints.
names() {
  PLUGIN_VAULT_ASKPASS='' "$program" list --json </dev/null 2>/dev/null | grep -o '"ref":"[^"\\]*"' | cut -d '"' -f 4 | sort -u
}

place='' name=''
command=$1
shift
case ${1:-} in
  -register | -option)
    place=$1 name=${2:-}
    case $name in '' | *[!A-Za-z0-9_]*) fail "$place takes the name of one, in letters, digits and _, such as dquote." ;; esac
    shift 2
    ;;
esac
if [ "$command" = names ]; then fail() { exit; }; fi
find_program
case $command in
  get) read_value "$@" ;;
  set | patch) write_value "$command" "$@" ;;
  delete) delete "$@" ;;
  delete-agreed) delete_agreed "$@" ;;
  list | status) show "$command" "$@" ;;
  names) names ;;
esac
