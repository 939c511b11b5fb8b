-- Errors of plugin-vault and of this binding. No error contains a key or a value.

local M = {}

---@class plugin_vault.Error
---@field kind plugin_vault.ErrorKind|plugin_vault.BindingErrorKind What went wrong, for programs.
---@field message string What happened, why, and what to do, for people.
---@field code? integer The JSON-RPC error code. Errors of the binding have none.
---@field retryable boolean Whether the same call may succeed later with nothing else done.
---@field data table Further members, as docs/reference.md lists them.

---@alias plugin_vault.BindingErrorKind
---| "binaryNotFound" # There is no program, or a setting names none.
---| "binaryUnsuitable" # The program has another version of the protocol, or is not plugin-vault.
---| "vaultEnded" # The sidecar could not be started, or keeps ending.
---| "outcomeUnknown" # The sidecar ended before it answered. A write may have been carried out, or not.
---| "timedOut" # A call that waits was not answered in time.
---| "answerUnreadable" # The stored data can't be a Lua value.
---| "loginNeeded" # There are no tokens, or the service refused them; data.reason says which.
---| "closed" # The vault or its sidecar was closed.

local Error = {}
Error.__index = Error
Error.__tostring = function(self)
    return self.message:find("^plugin%-vault ") and self.message or "plugin-vault: " .. self.message
end

---@param kind string
---@param message string
---@param fields? { code?: integer, retryable?: boolean, data?: table }
---@return plugin_vault.Error
function M.new(kind, message, fields)
    fields = fields or {}
    local error = { kind = kind, message = message, code = fields.code, data = fields.data or {} }
    error.retryable = fields.retryable or false
    return setmetatable(error, Error)
end

---The error of an answer.
---@param wire { code: integer, message: string, data: table }
function M.from_wire(wire)
    local data = type(wire.data) == "table" and wire.data or {}
    local fields = { code = wire.code, retryable = data.retryable == true, data = data }
    return M.new(data.kind or "internalError", wire.message, fields)
end

---Whether an error is of this kind.
---@param error any
---@param kind string
function M.is(error, kind)
    return getmetatable(error) == Error and error.kind == kind
end

return M
