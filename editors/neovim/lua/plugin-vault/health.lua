-- `:checkhealth plugin-vault`

local program = require("plugin-vault.program")

local M = {}

local health = vim.health or require("health")
local report = {
    start = health.start or health.report_start,
    ok = health.ok or health.report_ok,
    warn = health.warn or health.report_warn,
    error = health.error or health.report_error,
}

function M.check()
    report.start("plugin-vault")
    local sidecar = require("plugin-vault").sidecar()
    local found, path, where = pcall(program.find, sidecar.options.binary)
    if not found then
        report.error(path.message)
        return
    end
    report.ok("The program is " .. path .. ", found by " .. where)
    local ok, status = pcall(sidecar.status, sidecar)
    if not ok then
        report.error(type(status) == "table" and status.message or tostring(status))
        return
    end
    report.ok("The sidecar runs, plugin-vault " .. sidecar.connection.version)
    local state = require("plugin-vault.command").describe(status)
    if status.storeId and not status.keyAvailable then
        report.warn(state, { "Run :PluginVault unlock" })
    else
        report.ok(state)
    end
    if type(jit) ~= "table" then
        report.error("This Neovim has no LuaJIT, which the plugin needs to wait inside of pcall")
    end
end

return M
