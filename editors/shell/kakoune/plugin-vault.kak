# plugin-vault in Kakoune: reads and stores values through the commands of plugin-vault. The work is done in commands.sh, which
# lies beside this file. No value is ever in an argument or in the environment of a process.

declare-option -docstring 'absolute path of the program plugin-vault; empty: $PLUGIN_VAULT_BIN, or else the one in $PATH' \
    str plugin_vault_binary
declare-option -docstring 'what the last plugin-vault-set, -patch or -delete has printed, such as {"revision":3} with --json' \
    str plugin_vault_answer
declare-option -hidden str plugin_vault_folder %sh{ cd -P -- "${kak_source%/*}/" && pwd }

define-command -params 1.. -docstring %{
    plugin-vault-get [-register <name>|-option <name>] <arguments of `plugin-vault get`>
    Read a value into a register, by default ", or into an option
    Example: plugin-vault-get me.notes#/token --raw
} plugin-vault-get %{
    evaluate-commands %sh{
        # $kak_opt_plugin_vault_binary
        exec sh "$kak_opt_plugin_vault_folder/commands.sh" get "$@"
    }
}

define-command -params 1.. -docstring %{
    plugin-vault-set [-register <name>|-option <name>] <arguments of `plugin-vault set`>
    Store the main selection, or the value of a register or of an option
    Example: plugin-vault-set me.notes#/token --raw
} plugin-vault-set %{
    evaluate-commands %sh{
        # $kak_opt_plugin_vault_binary $kak_command_fifo $kak_response_fifo
        exec sh "$kak_opt_plugin_vault_folder/commands.sh" set "$@"
    }
}

define-command -params 1.. -docstring %{
    plugin-vault-patch [-register <name>|-option <name>] <arguments of `plugin-vault patch`>
    Change an object by a JSON merge patch: the main selection, or the value of a register or of an option
} plugin-vault-patch %{
    evaluate-commands %sh{
        # $kak_opt_plugin_vault_binary $kak_command_fifo $kak_response_fifo
        exec sh "$kak_opt_plugin_vault_folder/commands.sh" patch "$@"
    }
}

define-command -params 1.. -docstring %{
    plugin-vault-delete <arguments of `plugin-vault delete`>
    Delete a record or a member of it. Asks first, unless --yes is given
} plugin-vault-delete %{
    evaluate-commands %sh{
        # $kak_opt_plugin_vault_binary
        exec sh "$kak_opt_plugin_vault_folder/commands.sh" delete "$@"
    }
}

define-command -hidden -params 1.. plugin-vault-delete-agreed %{
    evaluate-commands %sh{
        # $kak_opt_plugin_vault_binary
        exec sh "$kak_opt_plugin_vault_folder/commands.sh" delete-agreed "$@"
    }
}

define-command -params .. -docstring %{
    plugin-vault-list [<plugin>[/<installation>]]
    Show the names, sizes and dates of what is stored, never the values
} plugin-vault-list %{
    evaluate-commands %sh{
        # $kak_opt_plugin_vault_binary
        exec sh "$kak_opt_plugin_vault_folder/commands.sh" list "$@"
    }
}

define-command -params .. -docstring %{
    plugin-vault-status
    Show where the store is, what protects it, and what uses it
} plugin-vault-status %{
    evaluate-commands %sh{
        # $kak_opt_plugin_vault_binary
        exec sh "$kak_opt_plugin_vault_folder/commands.sh" status "$@"
    }
}

# The names of records, for the prompt.
define-command -hidden plugin-vault-complete-names -params 1 %{
    complete-command %arg{1} shell-script-candidates %{
        # $kak_opt_plugin_vault_binary
        exec sh "$kak_opt_plugin_vault_folder/commands.sh" names
    }
}
plugin-vault-complete-names plugin-vault-get
plugin-vault-complete-names plugin-vault-set
plugin-vault-complete-names plugin-vault-patch
plugin-vault-complete-names plugin-vault-delete
