-- One sidecar for any number of plugins. It is started when the first call needs it, and again after it ended.

local connection = require("plugin-vault.connection")
local errors = require("plugin-vault.errors")
local program = require("plugin-vault.program")
local task = require("plugin-vault.task")
local vault = require("plugin-vault.vault")
local uv = vim.uv or vim.loop

local M = {}

-- A sidecar that ended this often within a minute is not started again before the minute is over.
local ENDS, MINUTE = 5, 60000
local TIMEOUT = 10000

---@class plugin_vault.Options
---@field binary? string The program's absolute path. Without it PLUGIN_VAULT_BIN, this plugin's bin/ and PATH are searched.
---@field connect? string The socket of `plugin-vault relay`. By default that of PLUGIN_VAULT_CONNECT.
---@field dataDir? string The folder of the store.
---@field keyDir? string The folder of the store's key file.
---@field folders? fun(): string[] The paths of the open folders. By default the current folder.
---@field log? fun(line: string) Gets each line that the sidecar writes to stderr. No line contains a key or a value.

---@class plugin_vault.Sidecar
---@field connection? plugin_vault.Connection The running process.
local Sidecar = {}
Sidecar.__index = Sidecar

---Those that have to be ended with Neovim.
local started = {}

---@param options? plugin_vault.Options
---@return plugin_vault.Sidecar
function M.new(options)
    return setmetatable({ options = options or {}, vaults = {}, ends = {}, folders = {} }, Sidecar)
end

---The data of one plugin. Nothing is started before its first call.
---@param key plugin_vault.KeyOptions
---@return plugin_vault.Vault
function Sidecar:open(key)
    local opened = vault.new(self, key)
    self.vaults[opened] = true
    return opened
end

---The running sidecar. Starts one if there is none. To be called in a coroutine.
---@return plugin_vault.Connection
function Sidecar:connect()
    -- The calls of a sidecar that ends are answered before it is forgotten.
    if self.connection and not self.connection.over then
        return self.connection
    end
    return task.wait(function(done)
        if self.waiting then
            table.insert(self.waiting, done)
            return
        end
        self.waiting = { done }
        -- Not at once: the caller may be where Neovim's functions can't be used.
        vim.schedule(function()
            task.run(function()
                return self:_start()
            end, function(err, result)
                local waiting = self.waiting
                self.waiting, self.connection = nil, result
                for _, each in ipairs(waiting) do
                    each(err, result)
                end
            end)
        end)
    end)
end

function Sidecar:_start()
    self.ends = vim.tbl_filter(function(at)
        return at > uv.now() - MINUTE
    end, self.ends)
    if #self.ends >= ENDS then
        local message = "plugin-vault ended %d times within a minute. It is started again when the minute is over."
        error(errors.new("vaultEnded", message:format(ENDS), { retryable = true }), 0)
    end
    local args = { "--stdio" }
    for name, option in pairs({ ["--connect"] = "connect", ["--data-dir"] = "dataDir", ["--key-dir"] = "keyDir" }) do
        if self.options[option] then
            -- The sidecar starts in another folder.
            vim.list_extend(args, { name, vim.fn.fnamemodify(self.options[option], ":p") })
        end
    end
    self.folders = self:_open_folders()
    started[self] = true
    local running
    running = connection.start(program.find(self.options.binary), {
        args = args,
        folders = self.folders,
        log = self.options.log,
        notice = function(method, params)
            if method == "persistentData/didChange" then
                for each in pairs(self.vaults) do
                    each:_notice(params)
                end
            end
        end,
        ended = function()
            -- An end before the first answer is the error of those that wait for the start. A relay may be away for longer.
            if not running then
                return
            end
            table.insert(self.ends, uv.now())
            if self.connection == running then
                self.connection = nil
            end
            for each in pairs(self.closing and {} or self.vaults) do
                each:_restart()
            end
        end,
    })
    return running
end

-- macOS and Windows take several spellings of a path for one folder. The store compares bytes, so it gets the file system's own.
local several_spellings = vim.fn.has("mac") == 1 or vim.fn.has("win32") == 1

local function spelled(path)
    return several_spellings and uv.fs_realpath(path) or path
end

function Sidecar:_open_folders()
    local paths = self.options.folders and self.options.folders() or { vim.fn.getcwd(-1, -1) }
    return vim.tbl_map(function(path)
        local uri = path:find("^%a[%w+.-]+://") and path or vim.uri_from_fname(spelled(path))
        return { uri = uri, name = vim.fn.fnamemodify(path, ":t") }
    end, paths)
end

local function only_in(folders, others)
    return vim.tbl_filter(function(folder)
        for _, other in ipairs(others) do
            if other.uri == folder.uri then
                return false
            end
        end
        return true
    end, folders)
end

---Tells the sidecar which folders are open now. Called when Neovim's current folder changes.
function Sidecar:update_folders()
    if not self.connection then
        return
    end
    local before, now = self.folders, self:_open_folders()
    self.folders = now
    local event = { added = only_in(now, before), removed = only_in(before, now) }
    self.connection:notify("workspace/didChangeWorkspaceFolders", { event = event })
end

function Sidecar:_settle(method, params, callback)
    return task.settle(function()
        return self:connect():ask(method, params)
    end, callback, TIMEOUT + (params.timeoutMs or 0))
end

---The state of the store. Asks nothing, and creates no store.
---@param callback? fun(err: plugin_vault.Error?, status: plugin_vault.Status)
---@return plugin_vault.Status
function Sidecar:status(callback)
    return self:_settle("vault/status", vim.empty_dict(), callback)
end

---Unlocks the store, for all windows.
---@param options { passphrase?: string, timeoutMs?: integer }
---@param callback? fun(err: plugin_vault.Error?)
function Sidecar:unlock(options, callback)
    return self:_settle("vault/unlock", options, callback)
end

---Locks the store, for all windows. The result has `locked`, and `reason` if that is not possible.
---@param callback? fun(err: plugin_vault.Error?, answer: { locked: boolean, reason?: "noStore"|"keyFile" })
function Sidecar:lock(callback)
    return self:_settle("vault/lock", vim.empty_dict(), callback)
end

---Ends the sidecar. Earlier calls are still answered.
---@param callback? fun(err: nil)
function Sidecar:close(callback)
    return task.settle(function()
        self.closing = true
        for each in pairs(self.vaults) do
            each:_sent()
        end
        if self.connection then
            self.connection:close()
        end
        started[self] = nil
    end, callback, TIMEOUT)
end

local group = vim.api.nvim_create_augroup("plugin-vault", {})
vim.api.nvim_create_autocmd("DirChanged", {
    group = group,
    callback = function()
        for each in pairs(started) do
            each:update_folders()
        end
    end,
})
vim.api.nvim_create_autocmd("VimLeavePre", {
    group = group,
    callback = function()
        for each in pairs(started) do
            pcall(each.close, each)
        end
    end,
})

return M
