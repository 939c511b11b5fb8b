# plugin-vault in fish: values in variables, and names of records at the Tab key. Copy this file into ~/.config/fish/conf.d.

function plugin-vault-get --no-scope-shadowing --description 'VARIABLE ARGUMENT…: read a value into a variable, as `plugin-vault get` reads it'
    __plugin_vault_check plugin-vault-get $argv; or return
    # A variable loses the character NUL without a word. 0xFF, which is in no text, shows where one was.
    set -l __plugin_vault_text (__plugin_vault_run get $argv[2..] | env LC_ALL=C tr '\000' '\377' | string collect --allow-empty --no-trim-newlines; set -g __plugin_vault_code $pipestatus[1])
    test $__plugin_vault_code -eq 0; or return $__plugin_vault_code
    if string match --quiet -- "*"\Xff"*" $__plugin_vault_text
        echo 'plugin-vault-get: the text has the character NUL, which a variable can not hold; read it without --raw' >&2
        return 1
    end
    # The line end after JSON is not part of it.
    contains -- --raw $argv; or set __plugin_vault_text (printf %s $__plugin_vault_text | string collect --allow-empty)
    set $argv[1] $__plugin_vault_text
end

function plugin-vault-set --no-scope-shadowing --description 'VARIABLE ARGUMENT…: store the value of a variable, as `plugin-vault set` stores it'
    __plugin_vault_check plugin-vault-set $argv; or return
    # plugin-vault does not get the variable in its environment, even if it is exported.
    printf %s "$$argv[1]" | env -u $argv[1] (__plugin_vault_program) set $argv[2..]
end

function __plugin_vault_program
    set -q PLUGIN_VAULT_BIN; and echo $PLUGIN_VAULT_BIN; or echo plugin-vault
end

function __plugin_vault_run
    set -l program (__plugin_vault_program)
    command $program $argv
end

function __plugin_vault_check
    test (count $argv) -ge 3; and string match --quiet --regex '^[A-Za-z_][A-Za-z0-9_]*$' -- $argv[2]; and return 0
    echo "$argv[1]: give the name of a variable and the name of a record, for example: $argv[1] TOKEN me.notes#/token --raw" >&2
    return 2
end

# The names of all records, one on each line. It asks for no passphrase, and has no complaints.
function __plugin_vault_names
    PLUGIN_VAULT_ASKPASS='' __plugin_vault_run list --json </dev/null 2>/dev/null | string match --all --regex --groups-only '"ref":"([^"\\\\]*)"'
end

complete --command plugin-vault --condition '__fish_seen_subcommand_from get set patch delete' --no-files --arguments '(__plugin_vault_names)'
complete --command plugin-vault-get --command plugin-vault-set --no-files
complete --command plugin-vault-get --command plugin-vault-set --condition 'test (count (commandline -opc)) -eq 1' --arguments '(set --names)'
complete --command plugin-vault-get --command plugin-vault-set --condition 'test (count (commandline -opc)) -gt 1' --arguments '(__plugin_vault_names)'
