-- Tokens that a service replaces: read while they are fresh, refreshed by one window at a time, and never lost. The rules are
-- those of docs/recipes.md.

local errors = require("plugin-vault.errors")
local json = require("plugin-vault.json")
local task = require("plugin-vault.task")

local M = {}

local LEASE, PAUSE, LONGEST_PAUSE = 60000, 200, 5000

---@class plugin_vault.TokensOptions
---@field name string The name of the record, and of the lease.
---@field refresh fun(tokens: table): table? Asks the service for new tokens, in a coroutine. `nil`: it refuses these tokens.
---@field isFresh? fun(tokens: table): boolean By default `expiresAt` is later than now, in milliseconds since 1970.
---@field reads? integer How often `get` looks for the successor of tokens that were refused; 300 by default, five a second.

---@class plugin_vault.Tokens
local Tokens = {}
Tokens.__index = Tokens

---@param vault plugin_vault.Vault
---@param options plugin_vault.TokensOptions
---@return plugin_vault.Tokens
function M.new(vault, options)
    local self = setmetatable({ vault = vault, name = options.name, refresh = options.refresh, runs = {} }, Tokens)
    self.address = { name = options.name }
    self.reads = options.reads or 300
    self.is_fresh = options.isFresh
        or function(tokens)
            return type(tokens.expiresAt) == "number" and tokens.expiresAt > os.time() * 1000
        end
    return self
end

local function login_needed(reason)
    local why = reason == "missing" and "no tokens are stored" or "the service has refused the stored tokens"
    error(errors.new("loginNeeded", "Please log in, because " .. why .. ".", { data = { reason = reason } }), 0)
end

---Whether two tokens are the same, for the service that spends them.
local function same(one, other)
    if one == nil or other == nil then
        return false
    elseif one.refreshToken ~= nil and other.refreshToken ~= nil then
        return vim.deep_equal(one.refreshToken, other.refreshToken)
    end
    return vim.deep_equal(one, other)
end

function Tokens:_usable(tokens, rejected)
    return self.is_fresh(tokens) and not vim.deep_equal(tokens, rejected)
end

---Valid tokens. `rejected` are tokens for which the service has just answered that they are not valid.
---@param options? { rejected?: table, timeout?: integer }
---@param callback? plugin_vault.Callback
function Tokens:get(options, callback)
    if type(options) == "function" then
        options, callback = nil, options
    end
    options = options or {}
    return task.settle(function()
        for _, run in ipairs(self.runs) do
            if vim.deep_equal(run.rejected, options.rejected) then
                return task.wait(function(done)
                    table.insert(run.waiting, done)
                end)
            end
        end
        local run = { rejected = options.rejected, waiting = {} }
        table.insert(self.runs, run)
        local ok, result = pcall(self._get, self, options.rejected)
        self.runs = vim.tbl_filter(function(each)
            return each ~= run
        end, self.runs)
        for _, each in ipairs(run.waiting) do
            each(not ok and result or nil, ok and json.copy(result) or nil)
        end
        if not ok then
            error(result, 0)
        end
        return result
    end, callback, options.timeout or 2 * LEASE)
end

function Tokens:_get(rejected)
    local reads = 0
    while true do
        local stored = self.vault:get("user", self.address)
        if stored == nil then
            login_needed("missing")
        elseif same(stored, self.refused) then
            -- Another window may have spent them, and be about to store their successor.
            if self.given_up or reads >= self.reads then
                self.given_up = true
                login_needed("refused")
            end
            reads = reads + 1
            task.sleep(PAUSE)
        elseif self:_usable(stored, rejected) then
            return stored
        else
            self.given_up = false
            local fresh = self:_under_lease(rejected)
            if fresh then
                return fresh
            end
        end
    end
end

---Acquires the lease and refreshes. Returns nothing if the record has to be read again.
function Tokens:_under_lease(rejected)
    local ok, lease = pcall(self.vault.acquire, self.vault, self.name, LEASE, { waitMs = LEASE })
    if not ok then
        if errors.is(lease, "leaseHeld") or errors.is(lease, "outcomeUnknown") then
            return nil
        end
        error(lease, 0)
    end
    local stop = self:_renew(lease.lease)
    local done, result = pcall(self._refresh, self, lease.lease, rejected)
    stop()
    -- Otherwise it expires.
    pcall(self.vault.release, self.vault, self.name, lease.lease)
    if not done then
        error(result, 0)
    end
    return result
end

function Tokens:_renew(lease)
    local timer = (vim.uv or vim.loop).new_timer()
    timer:start(LEASE / 3, LEASE / 3, function()
        self.vault:renew(self.name, lease, function() end)
    end)
    return function()
        timer:close()
    end
end

function Tokens:_refresh(lease, rejected)
    local record = self.vault:record("user", self.address)
    if not record or same(record.data, self.refused) then
        return nil
    elseif self:_usable(record.data, rejected) then
        return record.data
    end
    local fresh = self.refresh(json.copy(record.data))
    if fresh == nil or fresh == vim.NIL then
        self.refused = record.data
        return nil
    end
    return self:_store(fresh, record, lease)
end

---Stores the successor of spent tokens. It may be the only valid token, so it is dropped only for a newer one.
function Tokens:_store(fresh, record, lease)
    local spent, revision, tries = record.data, record.revision, 0
    while true do
        local write = { name = self.name, ifRevision = revision, lease = lease }
        local ok, err = pcall(self.vault.set, self.vault, "user", fresh, write)
        if ok then
            return fresh
        end
        local is = function(kind)
            return errors.is(err, kind)
        end
        local again = type(err) == "table" and err.retryable or is("storeFailed")
        if not (again or is("leaseLost") or is("revisionConflict") or is("outcomeUnknown")) then
            error(err, 0)
        elseif again then
            tries = tries + 1
            task.sleep(math.min(50 * tries, LONGEST_PAUSE))
        end
        local read, now = pcall(self.vault.record, self.vault, "user", self.address)
        if read then
            if not now then
                login_needed("missing")
            elseif not same(now.data, spent) then
                return now.data
            end
            revision = now.revision
            if is("leaseLost") then
                lease = nil
            end
        elseif not (now.retryable or errors.is(now, "storeFailed")) then
            error(now, 0)
        end
    end
end

---Stores tokens, after a login.
---@param tokens table
---@param callback? plugin_vault.Callback
function Tokens:set(tokens, callback)
    self.runs = {}
    return self.vault:set("user", tokens, self.address, callback)
end

---Deletes the tokens, at a logout.
---@param callback? plugin_vault.Callback
function Tokens:clear(callback)
    self.runs = {}
    return self.vault:delete("user", self.address, callback)
end

return M
