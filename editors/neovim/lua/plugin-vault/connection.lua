-- One sidecar process: its start, frames, requests, its end. It is never restarted; `sidecar.lua` starts another one. Neovim's
-- own RPC client (`vim.lsp.rpc`) drops members that are `null` up to version 0.11, and ends the sidecar without `exit`.

local errors = require("plugin-vault.errors")
local json = require("plugin-vault.json")
local program = require("plugin-vault.program")
local task = require("plugin-vault.task")

local M = {}

local PROTOCOL = 1
-- Milliseconds for the answer to `initialize`, which comes before the store is opened; for a regular end; for stderr after it.
local HANDSHAKE, SHUTDOWN, LAST_WORDS = 10000, 2000, 100

---@class plugin_vault.Connection
---@field pid integer
---@field over boolean Whether the sidecar has ended.
---@field version string The version of plugin-vault.
---@field relay_handle? string The handle of the key to which a relay has bound the connection.
local Connection = {}
Connection.__index = Connection

---Starts the program, and checks that it is a sidecar with the right version of the protocol. To be called in a coroutine.
---@param path string
---@param options { args: string[], folders: table[], log?: fun(line: string), notice: fun(method: string, params: table), ended: fun() }
---@return plugin_vault.Connection
function M.start(path, options)
    local self = setmetatable({ calls = {}, last_id = 0, over = false, last_line = "", options = options }, Connection)
    self.input, self.size, self.wanted = {}, 0, 0
    self.child = program.spawn(path, options.args, {
        stdout = function(text)
            self:_read(text)
        end,
        stderr = function(text)
            self.silent = text == nil
            for line in (text or ""):gmatch("[^\n]+") do
                self.last_line = line
                if options.log then
                    options.log(line)
                end
            end
        end,
    })
    self.pid = self.child.pid
    local punctual = task.after(HANDSHAKE, function()
        self:kill()
    end)
    local ok, answer = pcall(self.ask, self, "initialize", self:_introduction())
    punctual()
    if not ok then
        self:kill()
        local why = program.why_foreign(path)
        if why then
            error(errors.new("vaultEnded", why), 0)
        end
        -- Its last words may come after its end, but a child of it may keep stderr open.
        for _ = 1, LAST_WORDS do
            if not self.silent then
                task.sleep(1)
            end
        end
        local said = self.last_line == "" and "" or " It said: " .. self.last_line
        error(errors.new("vaultEnded", path .. " could not be started as plugin-vault." .. said), 0)
    end
    self:_check_version(answer)
    self:notify("initialized", {})
    return self
end

function Connection:_introduction()
    return {
        processId = vim.fn.getpid(),
        clientInfo = { name = "Neovim", version = tostring(vim.version()) },
        rootUri = vim.NIL,
        capabilities = vim.empty_dict(),
        workspaceFolders = self.options.folders,
    }
end

function Connection:_check_version(answer)
    local capabilities = type(answer) == "table" and answer.capabilities or {}
    local offered = (capabilities.experimental or {}).pluginVault or {}
    local spoken = offered.protocolVersion
    if spoken == PROTOCOL then
        self.version = (answer.serverInfo or {}).version
        self.relay_handle = (offered.relay or {}).handle
        return
    end
    self:kill()
    local advice = "because it is not plugin-vault. Correct the option `binary`, or PLUGIN_VAULT_BIN"
    if spoken then
        local what = spoken < PROTOCOL and "plugin-vault" or "the plugin plugin-vault"
        advice = ("because it has protocol %s. Update %s"):format(spoken, what)
    end
    local message = ("The program can't be used with protocol %d, %s."):format(PROTOCOL, advice)
    error(errors.new("binaryUnsuitable", message), 0)
end

---Takes the frames out of what has been read. Calls back for each; at the end of the output, for every call that is open.
function Connection:_read(text)
    if not text then
        return self:_end()
    end
    self.input[#self.input + 1] = text
    self.size = self.size + #text
    while self.size > 0 and self.size >= self.wanted do
        local input = table.concat(self.input)
        self.input, self.wanted = { input }, self.size + 1
        local length, body = input:match("^Content%-Length: (%d+)\r\n\r\n()")
        if not length and #input > 100 then
            -- Not the output of plugin-vault. Nothing that follows can be trusted.
            return self:kill()
        elseif not length then
            return
        end
        local next_frame = body + tonumber(length)
        if #input < next_frame - 1 then
            self.wanted = next_frame - 1
            return
        end
        self.input, self.size, self.wanted = { input:sub(next_frame) }, #input - next_frame + 1, 0
        self:_take(input:sub(body, next_frame - 1))
    end
end

function Connection:_take(body)
    local ok, message = pcall(json.decode, body)
    if not ok then
        -- The sidecar begins each answer in this way.
        local id = tonumber(body:match('^{"jsonrpc":"2%.0","id":(%d+)[,}]'))
        local why = "The stored data can't be a Lua value: it has half of a surrogate pair, or is nested too deeply. It is"
            .. " unchanged. Replace it, or read it with plugin-vault's command line."
        return self:_answer(id, errors.new("answerUnreadable", why))
    elseif message.method then
        self.options.notice(message.method, message.params)
    elseif type(message.error) == "table" then
        self:_answer(message.id, errors.from_wire(message.error))
    else
        -- A lua variable holds nothing as `nil`. Inside of a value `null` stays `vim.NIL`.
        self:_answer(message.id, nil, message.result ~= vim.NIL and message.result or nil)
    end
end

function Connection:_answer(id, err, result)
    local done = id and self.calls[id]
    if done then
        self.calls[id] = nil
        done(err, result)
    end
end

function Connection:_end()
    if self.over then
        return
    end
    self.over = true
    self.child.stdin:close()
    local message = "plugin-vault ended before it answered. The call may have been carried out. Read before you write again."
    for id in pairs(self.calls) do
        self:_answer(id, errors.new("outcomeUnknown", message))
    end
    self.options.ended()
end

function Connection:_send(head, params)
    local body = '{"jsonrpc":"2.0",' .. head .. ',"params":' .. params .. "}"
    if not self.over then
        self.child.stdin:write("Content-Length: " .. #body .. "\r\n\r\n" .. body)
    end
end

---Sends a request with parameters that are encoded already. `done` may be called at once. Returns the request's id.
---@param method string
---@param params string
---@param done fun(err: plugin_vault.Error?, result: any)
function Connection:request(method, params, done)
    local id = self.last_id + 1
    self.last_id = id
    self.calls[id] = done
    self:_send(('"id":%d,"method":"%s"'):format(id, method), params)
    return id
end

---Sends a request and returns the result, or throws. To be called in a coroutine.
function Connection:ask(method, params)
    return task.wait(function(done)
        self:request(method, json.encode(params), done)
    end)
end

function Connection:notify(method, params)
    self:_send(('"method":"%s"'):format(method), json.encode(json.object(params)))
end

---Ends the sidecar regularly, or kills it after two seconds. To be called in a coroutine.
function Connection:close()
    local punctual = task.after(SHUTDOWN, function()
        self:kill()
    end)
    pcall(self.ask, self, "shutdown", vim.empty_dict())
    self:notify("exit", {})
    if not self.over then
        self.child.stdin:shutdown()
    end
    while not self.over or not self.child.process:is_closing() do
        task.sleep(1)
    end
    punctual()
end

function Connection:kill()
    if not self.child.process:is_closing() then
        self.child.process:kill("sigkill")
    end
end

return M
