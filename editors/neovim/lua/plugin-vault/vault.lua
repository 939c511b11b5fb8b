-- The data of one API key: every method of the protocol for it, its registration with the running sidecar, and its watches.

local errors = require("plugin-vault.errors")
local json = require("plugin-vault.json")
local task = require("plugin-vault.task")
local tokens = require("plugin-vault.tokens")

local M = {}

---Methods that are repeated if the sidecar ends during them.
local READS = {
    getPersistentData = true,
    getPersistentRecord = true,
    listPersistentData = true,
    listAPIKeys = true,
    watchPersistentData = true,
}
local TIMEOUT = 10000
---Milliseconds before the next attempt to restart a watch.
local PAUSE = 1000

---@class plugin_vault.KeyOptions Either `plugin`, with the key that plugin-vault keeps for it, or a key that the caller keeps.
---@field plugin? string For example `publisher.name`.
---@field installation? string By default $NVIM_APPNAME or "nvim".
---@field apiKey? plugin_vault.APIKey
---@field mustExist? boolean Refuses an own key under which nothing was stored yet.

---@alias plugin_vault.Callback fun(err: plugin_vault.Error?, result: any)
---@alias plugin_vault.Change plugin_vault.DidChange

---Each function takes, after its arguments, the method's other parameters by name (docs/reference.md lists them) with `timeout`,
---and last a callback. With a callback it returns a function that cancels the call.
---@class plugin_vault.Vault
---@field set fun(self, context: plugin_vault.Context, data: table, options?: table, callback?: plugin_vault.Callback): plugin_vault.Revision
---@field get fun(self, context: plugin_vault.Context, options?: table, callback?: plugin_vault.Callback): table?
---@field record fun(self, context: plugin_vault.Context, options?: table, callback?: plugin_vault.Callback): plugin_vault.PersistentRecord?
---@field patch fun(self, context: plugin_vault.Context, patch: table, options?: table, callback?: plugin_vault.Callback): plugin_vault.Revision
---@field delete fun(self, context: plugin_vault.Context, options?: table, callback?: plugin_vault.Callback): plugin_vault.Deleted
---@field list fun(self, options?: table, callback?: plugin_vault.Callback): plugin_vault.ListedRecord[]
---@field move fun(self, from: string, to: string, options?: table, callback?: plugin_vault.Callback): plugin_vault.Moved
---@field acquire fun(self, name: string, ttlMs: integer, options?: table, callback?: plugin_vault.Callback): plugin_vault.Lease
---@field renew fun(self, name: string, lease: integer, options?: table, callback?: plugin_vault.Callback): table
---@field release fun(self, name: string, lease: integer, options?: table, callback?: plugin_vault.Callback): table
---@field share fun(self, options?: table, callback?: plugin_vault.Callback): plugin_vault.NewKey
---@field keys fun(self, options?: table, callback?: plugin_vault.Callback): plugin_vault.Key[]
---@field rotate fun(self, options?: table, callback?: plugin_vault.Callback): plugin_vault.NewKey
---@field revoke fun(self, options?: table, callback?: plugin_vault.Callback): table
local Vault = {}
Vault.__index = Vault

---@param sidecar plugin_vault.Sidecar
---@param key plugin_vault.KeyOptions
---@return plugin_vault.Vault
function M.new(sidecar, key)
    local self = setmetatable({ sidecar = sidecar, listeners = {}, unsent = 0, beginning = 0 }, Vault)
    self.key = { apiKey = key.apiKey, mustExist = key.mustExist }
    if not key.apiKey then
        assert(type(key.plugin) == "string", "plugin-vault: open needs `plugin`, or `apiKey`")
        local installation = key.installation or os.getenv("NVIM_APPNAME") or "nvim"
        self.key = { plugin = key.plugin, installation = installation }
    end
    return self
end

---Registers the key with the running sidecar, unless that was done. If the sidecar ends meanwhile, registers it again.
function Vault:_register()
    while true do
        if self.closed then
            error(errors.new("closed", "The vault was closed."), 0)
        end
        local connection = self.sidecar:connect()
        local registered = self.registered
        if not registered or registered.connection ~= connection then
            registered = { connection = connection, waiting = {} }
            self.registered = registered
            task.run(function()
                self:_set_key(registered)
            end, function(err)
                if err and self.registered == registered then
                    self.registered = nil
                end
                local waiting = registered.waiting
                registered.waiting, registered.err = nil, err
                for _, each in ipairs(waiting) do
                    each()
                end
            end)
        end
        if registered.waiting then
            task.wait(function(done)
                table.insert(registered.waiting, done)
            end)
        end
        if not registered.err then
            return registered
        elseif not errors.is(registered.err, "outcomeUnknown") then
            error(registered.err, 0)
        end
    end
end

---The handle of the relay's key. The key has to be the plugin's: otherwise the secrets of two plugins would get into one place.
---The installation does not count, since it is that of the user's own machine.
function Vault:_relayed(connection)
    if self.key.apiKey then
        local message = "A relay has a key of its own. Open the vault with `plugin` and not with `apiKey`."
        error(errors.new("notPermitted", message), 0)
    end
    for _, key in ipairs(connection:ask("listAPIKeys", { handle = connection.relay_handle })) do
        if key.current and key.plugin and key.plugin ~= self.key.plugin then
            local message = "The relay gives the data of %s and not of %s. Start a relay for %s."
            error(errors.new("notPermitted", message:format(key.plugin, self.key.plugin, self.key.plugin)), 0)
        end
    end
    return connection.relay_handle
end

function Vault:_set_key(registered)
    local connection, key = registered.connection, self.key
    if connection.relay_handle then
        registered.handle = self:_relayed(connection)
    else
        if not key.apiKey then
            local issued = connection:ask("issueAPIKey", { plugin = key.plugin, installation = key.installation })
            registered.created = issued.created
            key = { apiKey = issued.apiKey, mustExist = true }
        end
        registered.handle = connection:ask("setAPIKey", key).handle
    end
    if next(self.listeners) then
        -- With a key that was created after the old one was revoked, there is nothing to continue from.
        local since = not registered.created and self:_lowest_revision() or nil
        local answer = connection:ask("watchPersistentData", { handle = registered.handle, since = since })
        if registered.created then
            self:_tell({ resync = true, revision = answer.revision })
        end
    end
end

---Sends a request with a handle. Returns its error, or nothing and its result.
local function send(registered, method, params, request)
    local rest = params == "{}" and "}" or "," .. params:sub(2)
    local ok, answer = pcall(task.wait, function(done)
        local whole = '{"handle":' .. json.encode(registered.handle) .. rest
        local id = registered.connection:request(method, whole, done)
        request.cancel = function()
            registered.connection:notify("$/cancelRequest", { id = id })
        end
    end)
    if ok then
        return nil, answer
    end
    return answer
end

---Sends a request under the key. To be called in a coroutine.
---@param method string
---@param params string The parameters as JSON, which changes that the caller makes to its tables no longer reach.
---@param request table
function Vault:_ask(method, params, request)
    if self.sidecar.closing then
        error(errors.new("closed", "The sidecar was closed."), 0)
    end
    local replaced = false
    while true do
        self.unsent = self.unsent + 1
        local ok, registered = pcall(self._register, self)
        self.unsent = self.unsent - 1
        if not ok then
            error(registered, 0)
        elseif request.cancelled then
            error(errors.new("requestCancelled", "The request was cancelled and not carried out."), 0)
        end
        -- If the sidecar has ended meanwhile, nothing was sent.
        if not registered.connection.over then
            local err, answer = send(registered, method, params, request)
            if not err then
                return answer
            end
            local again = errors.is(err, "outcomeUnknown") and READS[method]
            if errors.is(err, "apiKeyRevoked") and not self.key.apiKey and not replaced then
                -- Another window may have replaced the key that plugin-vault keeps. If it was revoked instead, the call is
                -- refused, and the next call uses the key that is created here.
                if self.registered == registered then
                    self.registered = nil
                end
                again = not self:_register().created
                replaced = true
            end
            if not again then
                error(err, 0)
            end
        end
    end
end

---Defines the function of a method: its leading parameters, then the others by name, then a callback.
local function verb(name, method, leading, member)
    Vault[name] = function(self, ...)
        local given = { ... }
        local callback = given[select("#", ...)]
        callback = type(callback) == "function" and callback or nil
        local params = {}
        local options = given[#leading + 1]
        for key, value in pairs(type(options) == "table" and options or {}) do
            params[key] = value
        end
        for at, key in ipairs(leading) do
            local value = given[at]
            params[key] = (key == "data" or key == "patch") and json.object(value) or value
        end
        local timeout = params.timeout or TIMEOUT + (tonumber(params.waitMs) or 0)
        params.timeout = nil
        local ok, text = pcall(json.encode, json.object(params))
        return task.settle(function(request)
            if not ok then
                error(text, 0)
            end
            local answer = self:_ask(method, text, request)
            if name == "rotate" and self.key.apiKey then
                self.key.apiKey = answer.apiKey
            end
            return member and answer[member] or answer
        end, callback, timeout)
    end
end

verb("set", "setPersistentData", { "context", "data" }, "revision")
verb("get", "getPersistentData", { "context" })
verb("record", "getPersistentRecord", { "context" })
verb("patch", "patchPersistentData", { "context", "patch" }, "revision")
verb("delete", "deletePersistentData", { "context" })
verb("list", "listPersistentData", {})
verb("move", "movePersistentData", { "from", "to" })
verb("acquire", "acquireLease", { "name", "ttlMs" })
verb("renew", "renewLease", { "name", "lease" })
verb("release", "releaseLease", { "name", "lease" })
verb("share", "shareAPIKey", {})
verb("keys", "listAPIKeys", {})
verb("rotate", "rotateAPIKey", {})
verb("revoke", "revokeAPIKey", {})

---Sets the key now. Other functions do that too, when they are called first.
---@param callback? fun(err: plugin_vault.Error?)
function Vault:ready(callback)
    return task.settle(function()
        self:_register()
    end, callback, TIMEOUT)
end

---Reads a record, changes it, and stores it if it has not changed meanwhile; otherwise again. `change` gets the data or `nil`, and
---returns the new object, `vim.NIL` to delete the record, or `nil` to leave it. The result is `{ data, revision }`.
---@param context plugin_vault.Context
---@param change fun(data: table?): any
---@param options? table
---@param callback? plugin_vault.Callback
function Vault:update(context, change, options, callback)
    if type(options) == "function" then
        options, callback = nil, options
    end
    options = options or {}
    local address = { name = options.name, workspaceFolder = options.workspaceFolder }
    return task.settle(function()
        while true do
            local record = self:record(context, address) or { revision = 0 }
            local data = change(json.copy(record.data))
            if data == nil or data == vim.NIL and not record.data then
                return { data = record.data, revision = record.revision }
            end
            local write = vim.tbl_extend("force", address, { lease = options.lease, ifRevision = record.revision })
            local ok, answer
            if data == vim.NIL then
                ok, answer = pcall(self.delete, self, context, write)
            else
                write.expiresAt = options.expiresAt or record.expiresAt
                ok, answer = pcall(self.set, self, context, data, write)
            end
            if ok then
                return { data = data ~= vim.NIL and data or nil, revision = data ~= vim.NIL and answer or 0 }
            elseif errors.is(answer, "outcomeUnknown") then
                -- If the revision is unchanged, the sidecar that has ended wrote nothing and never will.
                local now = self:record(context, address) or { revision = 0 }
                if now.revision ~= record.revision then
                    error(answer, 0)
                end
            elseif not errors.is(answer, "revisionConflict") then
                error(answer, 0)
            end
        end
    end, callback, options.timeout or TIMEOUT)
end

---Tokens that a service replaces at each use, or after some time; see tokens.lua.
---@param options plugin_vault.TokensOptions
---@return plugin_vault.Tokens
function Vault:tokens(options)
    return tokens.new(self, options)
end

---Reports each change by other windows, editors and the command line once and in order, also after the sidecar was restarted. The
---result is a watch: `watch:close()` ends it, `watch.revision` is what a later watch can continue from, as `since`.
---@param listener fun(change: plugin_vault.Change)
---@param options? { since?: plugin_vault.Revision }
---@param callback? plugin_vault.Callback
function Vault:watch(listener, options, callback)
    if type(options) == "function" then
        options, callback = nil, options
    end
    local since = options and options.since
    return task.settle(function(request)
        self.beginning = self.beginning + 1
        local ok, answer = pcall(self._ask, self, "watchPersistentData", json.encode(json.object({ since = since })), request)
        self.beginning = self.beginning - 1
        if not ok then
            error(answer, 0)
        end
        local watch = { listener = listener, since = answer.revision, revision = answer.revision }
        self.listeners[watch] = true
        function watch.close(_, done)
            return task.settle(function()
                self.listeners[watch] = nil
                self:_unwatch()
            end, done, TIMEOUT)
        end
        return watch
    end, callback, TIMEOUT)
end

function Vault:_unwatch()
    local registered = self.registered
    if next(self.listeners) or self.beginning > 0 or not registered or not registered.handle then
        return
    end
    for other in pairs(self.sidecar.vaults) do
        local same = other.registered and other.registered.handle == registered.handle
        if other ~= self and same and next(other.listeners) then
            return
        end
    end
    -- A sidecar that has ended sends no notices anyway.
    pcall(registered.connection.ask, registered.connection, "unwatchPersistentData", { handle = registered.handle })
end

function Vault:_lowest_revision()
    local lowest = math.huge
    for watch in pairs(self.listeners) do
        lowest = math.min(lowest, watch.revision)
    end
    return lowest
end

---Called by the sidecar with each notice.
function Vault:_notice(change)
    if not self.registered or change.handle ~= self.registered.handle then
        return
    end
    change = vim.tbl_extend("force", change, {})
    change.handle = nil
    if change.ended == "apiKeyRevoked" and not self.key.apiKey then
        -- plugin-vault has another key by now, or creates one when it is asked.
        self.registered = nil
        self:_restart()
    else
        self:_tell(change)
    end
end

function Vault:_tell(change)
    for watch in pairs(self.listeners) do
        if change.ended or change.revision > watch.revision then
            watch.revision = math.max(watch.revision, change.revision)
            -- On its own, so that a listener that fails does not stop the others.
            vim.schedule(function()
                if self.listeners[watch] then
                    watch.listener(json.copy(change))
                end
            end)
        end
    end
end

---Called when the sidecar or the key has ended. A watch is restarted at once, everything else when it is needed.
function Vault:_restart()
    if not next(self.listeners) or self.closed then
        return
    end
    task.run(function()
        self:_register()
    end, function(err)
        if errors.is(err, "apiKeyRevoked") or errors.is(err, "apiKeyExpired") then
            self:_tell({ ended = err.kind, revision = self:_lowest_revision() })
        elseif err then
            task.after(PAUSE, function()
                self:_restart()
            end)
        end
    end)
end

---Returns when all earlier calls are sent.
function Vault:_sent()
    while self.unsent > 0 do
        task.sleep(1)
    end
end

---Ends the watches of this vault. The sidecar ends with Neovim.
---@param callback? fun(err: nil)
function Vault:close(callback)
    return task.settle(function()
        self:_sent()
        self.closed = true
        self.listeners = {}
        self:_unwatch()
        self.sidecar.vaults[self] = nil
    end, callback, TIMEOUT)
end

return M
