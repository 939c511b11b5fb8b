-- Defines `:PluginVault`. Nothing else is loaded before the first use.

if vim.g.loaded_plugin_vault or vim.fn.has("nvim-0.7") == 0 then
    return
end
vim.g.loaded_plugin_vault = true

vim.api.nvim_create_user_command("PluginVault", function(given)
    require("plugin-vault.command").run(unpack(given.fargs))
end, {
    nargs = "+",
    desc = "The private store of plugins: status, list, unlock, lock, forget PLUGIN",
    complete = function(lead, line)
        return #vim.split(line, "%s+") < 3 and require("plugin-vault.command").complete(lead) or {}
    end,
})
