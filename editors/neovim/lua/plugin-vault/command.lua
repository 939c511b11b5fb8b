-- `:PluginVault`, for the user of the store. What concerns all plugins goes through plugin-vault's command line, which needs no
-- plugin's key. It never prints a key or a value.

local errors = require("plugin-vault.errors")
local program = require("plugin-vault.program")
local task = require("plugin-vault.task")

local M = {}

---@param status plugin_vault.Status
---@return string
function M.describe(status)
    if not status.storeId then
        return "There is no store yet. The first write creates it, in " .. status.dataDir
    elseif not status.keyAvailable then
        return "The store is locked. It is in " .. status.dataDir
    elseif status.relay then
        return "The store is unlocked, at the other end of a relay, in " .. status.dataDir
    end
    local text = "The store is unlocked: %d records, %d KiB, in %s"
    return text:format(status.records, math.ceil(status.bytes / 1024), status.dataDir)
end

local function sidecar()
    return require("plugin-vault").sidecar()
end

local function say(text)
    vim.api.nvim_echo({ { text } }, true, {})
end

---Runs plugin-vault's command line without input. Returns what it prints. To be called in a coroutine.
local function run(...)
    local options = sidecar().options
    local args = { ... }
    for name, option in pairs({ ["--connect"] = "connect", ["--data-dir"] = "dataDir", ["--key-dir"] = "keyDir" }) do
        if options[option] then
            -- The program starts in another folder.
            table.insert(args, 1, vim.fn.fnamemodify(options[option], ":p"))
            table.insert(args, 1, name)
        end
    end
    local env = {}
    for name, value in pairs(vim.fn.environ()) do
        -- A command in the background must not ask for a passphrase: `unlock` does that.
        if name ~= "PLUGIN_VAULT_ASKPASS" then
            table.insert(env, name .. "=" .. value)
        end
    end
    local path = program.find(options.binary)
    local shown, complaint, left, status = {}, {}, 3, nil
    task.wait(function(done)
        local function over()
            left = left - 1
            if left == 0 then
                done()
            end
        end
        local function into(texts)
            return function(text)
                if not text then
                    return over()
                end
                table.insert(texts, text)
            end
        end
        local on = { stdout = into(shown), stderr = into(complaint) }
        function on.exit(code)
            status = code
            over()
        end
        program.spawn(path, args, on, env).stdin:close()
    end)
    if status ~= 0 then
        local line = vim.trim(table.concat(complaint)):match("[^\n]*$"):gsub("^%S+: ", "")
        error(errors.new("commandFailed", program.why_foreign(path) or line), 0)
    end
    return vim.trim(table.concat(shown))
end

local COMMANDS = {}

function COMMANDS.status()
    local status = sidecar():status()
    say("plugin-vault " .. sidecar().connection.version .. ": " .. M.describe(status))
end

function COMMANDS.list()
    say(run("key", "list"))
end

function COMMANDS.forget(plugin)
    if not plugin then
        error(errors.new("commandFailed", "Name the plugin. :PluginVault list shows the names."), 0)
    end
    local question = "Forget " .. vim.fn.strtrans(plugin) .. "? All its data is destroyed, in every editor."
    if vim.fn.confirm(question, "&Forget\n&Cancel", 2, "Warning") == 1 then
        run("key", "forget", "--yes", "--", plugin)
        say("plugin-vault: The data of " .. vim.fn.strtrans(plugin) .. " was destroyed")
    end
end

function COMMANDS.unlock()
    local passphrase = vim.fn.inputsecret("The store's passphrase: ")
    if passphrase ~= "" then
        sidecar():unlock({ passphrase = passphrase })
        say("plugin-vault: The store is unlocked")
    end
end

local NOT_LOCKED = {
    noStore = "There is no store yet, so nothing was locked",
    keyFile = "The store was not locked, because every process of yours can read its only protector, the key file. Add another"
        .. " one with `plugin-vault protector add`, and remove key-file",
}

function COMMANDS.lock()
    local answer = sidecar():lock()
    say("plugin-vault: " .. (answer.locked and "The store is locked" or NOT_LOCKED[answer.reason]))
end

---Carries out `:PluginVault WORD [PLUGIN]`, without blocking Neovim. An error is shown as one.
---@param word string
---@param plugin? string
function M.run(word, plugin)
    if not COMMANDS[word] then
        vim.notify("plugin-vault: There is no :PluginVault " .. word, vim.log.levels.ERROR)
        return
    end
    task.run(function()
        COMMANDS[word](plugin)
    end, function(err)
        if err then
            vim.notify(tostring(err), vim.log.levels.ERROR)
        end
    end)
end

---The words that begin with a text.
---@param lead string
---@return string[]
function M.complete(lead)
    local words = vim.tbl_filter(function(word)
        return vim.startswith(word, lead)
    end, vim.tbl_keys(COMMANDS))
    table.sort(words)
    return words
end

return M
