-- `vault-get REF` inserts a text at the cursor, and `vault-set REF` stores the selection, which stays as it is.
local micro = import("micro")
local config = import("micro/config")
local shell = import("micro/shell")

local store = [[sh -c 'text=$(cat; echo x); printf %s "${text%x}" | plugin-vault set --raw "$1" >/dev/null && printf %s "${text%x}"' sh ]]

function vaultGet(bp, args)
    local text, err = shell.ExecCommand("plugin-vault", "get", "--raw", "--", args[1])
    if err ~= nil then
        micro.InfoBar():Error(text)
    else
        bp.Buf:Insert(-bp.Cursor.Loc, text)
    end
end

function vaultSet(bp, args)
    bp:HandleCommand("textfilter " .. store .. "'" .. args[1]:gsub("'", "'\\''") .. "'")
end

function init()
    config.MakeCommand("vault-get", vaultGet, config.NoComplete)
    config.MakeCommand("vault-set", vaultSet, config.NoComplete)
end
