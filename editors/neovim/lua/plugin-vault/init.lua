-- A private store for plugins: tokens, login state, answers for one project. Encrypted, shared by all windows and editors of a
-- user, and on the disk when a call has answered. `:help plugin-vault` describes it.

local M = {}

local options = {}
---@type plugin_vault.Sidecar?
local shared

---Sets the options of the sidecar, for all plugins. To be called before the first use, if at all.
---@param given? plugin_vault.Options
function M.setup(given)
    options, shared = given or {}, nil
end

---The sidecar that all plugins in this Neovim use: `status`, `unlock`, `lock`, `close`. It is started at the first call.
---@return plugin_vault.Sidecar
function M.sidecar()
    shared = shared or M.new(options)
    return shared
end

---A separate sidecar, for tests.
---@param given? plugin_vault.Options
---@return plugin_vault.Sidecar
function M.new(given)
    return require("plugin-vault.sidecar").new(given)
end

---The data of one plugin. Nothing is started before the first call.
---@param key plugin_vault.KeyOptions
---@return plugin_vault.Vault
function M.open(key)
    return M.sidecar():open(key)
end

return M
