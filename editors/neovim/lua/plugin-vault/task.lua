-- Coroutines: the inside of the binding is written with them, and a caller may use them instead of callbacks.

local errors = require("plugin-vault.errors")

local M = {}

---Runs `work` in a coroutine. `done(err, result)` is called at its end.
---@param work fun(): any
---@param done fun(err: any, result: any)
function M.run(work, done)
    coroutine.wrap(function()
        local ok, result = pcall(work)
        if ok then
            done(nil, result)
        else
            done(result)
        end
    end)()
end

local function resume(thread)
    local ok, fault = coroutine.resume(thread)
    if not ok then
        -- The caller's own coroutine has failed. Nothing else would report that.
        local shown = debug.traceback(thread, tostring(fault))
        vim.schedule(function()
            error(shown, 0)
        end)
    end
end

---Whether a coroutine runs. Its main thread is none.
function M.inside()
    local thread, main = coroutine.running()
    return thread ~= nil and not main
end

---Pauses the coroutine until `done(err, result)` is called. Throws `err`, or returns `result`.
---@param start fun(done: fun(err: any, result: any))
function M.wait(start)
    local thread = coroutine.running()
    local answered, paused, err, result = false, false, nil, nil
    start(function(e, r)
        answered, err, result = true, e, r
        if paused then
            resume(thread)
        end
    end)
    while not answered do
        paused = true
        coroutine.yield()
    end
    if err ~= nil then
        error(err, 0)
    end
    return result
end

---Calls back later, unless the function that it returns is called before.
---@param ms integer
---@param callback fun()
function M.after(ms, callback)
    local timer = vim.defer_fn(callback, ms)
    return function()
        if not timer:is_closing() then
            timer:close()
        end
    end
end

---Pauses the coroutine.
---@param ms integer
function M.sleep(ms)
    M.wait(function(done)
        vim.defer_fn(done, ms)
    end)
end

---Begins `work(request)` in a coroutine and hands out its result in the caller's way: to `callback(err, result)`; or, without a
---callback, as the result of this call, which throws errors. In a coroutine the call pauses it. Elsewhere it waits, while Neovim
---handles its events, for `timeout` milliseconds.
---@param work fun(request: table): any
---@param callback? fun(err: plugin_vault.Error?, result: any)
---@param timeout integer
function M.settle(work, callback, timeout)
    local request = { cancelled = false }
    local function cancel()
        request.cancelled = true
        if request.cancel then
            request.cancel()
        end
    end
    local function start(done)
        M.run(function()
            return work(request)
        end, done)
    end
    if callback then
        start(vim.schedule_wrap(callback))
        return cancel
    elseif M.inside() then
        return M.wait(start)
    end
    local answered, err, result = false, nil, nil
    start(function(e, r)
        answered, err, result = true, e, r
    end)
    local in_time = vim.wait(timeout, function()
        return answered
    end, 1)
    if not in_time then
        cancel()
        local message = "plugin-vault did not answer within %d ms, so the call was cancelled. A write may still have been"
            .. " carried out: read before you write again."
        error(errors.new("timedOut", message:format(timeout), { retryable = true }), 0)
    elseif err ~= nil then
        error(err, 0)
    end
    return result
end

return M
