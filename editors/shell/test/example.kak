# The example of the README. behaviour.test.mjs runs it.
declare-option -hidden str notes_token

define-command notes-log-in -docstring 'store the selected token' %{
    plugin-vault-set me.notes#/token --raw
}
define-command notes-token -docstring 'read the token, or say what to do' %{
    try %{ plugin-vault-get -option notes_token me.notes#/token --raw } catch %{
        fail 'Select your token, and run :notes-log-in'
    }
}
