-- Runs the cases of the conformance suite in Neovim, through the plugin's public functions:
--
--   nvim --headless … +'luafile conformance.lua'
--
-- with these variables: CASES, a file with the list of cases; OUTCOMES, the file for the outcomes; STORE, a folder for the store;
-- FORM, `wait` or `coroutine`: how the calls without a callback are made.

local json = require("plugin-vault.json")
local task = require("plugin-vault.task")
local plugin_vault = require("plugin-vault")
local uv = vim.uv or vim.loop

local FOLDERS = { "file:///conformance/folder%201", "file:///conformance/folder%202" }
local DEADLINE = 60000

---Whether a value is an object of a case, and not a list.
local function is_object(value)
    return type(value) == "table" and (next(value) == nil and value == vim.empty_dict() or type(next(value)) == "string")
        or getmetatable(value) == getmetatable(vim.empty_dict())
end

local function shown(value)
    local ok, text = pcall(json.encode, value)
    return (ok and text or vim.inspect(value)):sub(1, 200)
end

local function fail(...)
    error(table.concat({ ... }, " "), 0)
end

---Waits in the form of this run, also inside of a refresh, which runs in a coroutine.
local function wait_until(condition)
    local late = uv.now() + DEADLINE
    if task.inside() then
        while not condition() and uv.now() < late do
            task.sleep(1)
        end
    else
        vim.wait(DEADLINE, condition, 1)
    end
    if not condition() then
        fail("nothing happened for", DEADLINE, "ms")
    end
end

local function random_hex(bytes)
    local hex = {}
    for at = 1, bytes do
        hex[at] = ("%02x"):format(math.random(0, 255))
    end
    return table.concat(hex)
end

-- The calls of the protocol as functions of the plugin: the leading parameters, and how the result is the protocol's answer.
local VERBS = {
    setPersistentData = { "set", { "context", "data" }, "revision" },
    getPersistentData = { "get", { "context" } },
    getPersistentRecord = { "record", { "context" } },
    patchPersistentData = { "patch", { "context", "patch" }, "revision" },
    deletePersistentData = { "delete", { "context" } },
    listPersistentData = { "list", {} },
    movePersistentData = { "move", { "from", "to" } },
    acquireLease = { "acquire", { "name", "ttlMs" } },
    renewLease = { "renew", { "name", "lease" } },
    releaseLease = { "release", { "name", "lease" } },
    shareAPIKey = { "share", {} },
    listAPIKeys = { "keys", {} },
    rotateAPIKey = { "rotate", {} },
    revokeAPIKey = { "revoke", {} },
}

local Window = {}
Window.__index = Window

local function open_window(key, folders)
    local self = setmetatable({ folders = folders, notices = {}, token_objects = {} }, Window)
    self.sidecar = plugin_vault.new({
        dataDir = os.getenv("STORE") .. "/data",
        keyDir = os.getenv("STORE") .. "/keys",
        folders = function()
            return self.folders
        end,
    })
    self.vault = self.sidecar:open(key)
    return self
end

function Window:listen(change)
    table.insert(self.notices, change)
end

---Makes a call. With `callback` it goes on at once, and returns a function that cancels.
function Window:call(method, params, callback)
    if method == "vault/status" then
        return self.sidecar:status(callback)
    elseif method == "vault/lock" then
        return self.sidecar:lock(callback)
    elseif method == "vault/unlock" then
        return self.sidecar:unlock(params, callback)
    elseif method == "watchPersistentData" then
        self.watch = self.vault:watch(function(change)
            self:listen(change)
        end, params)
        return { watching = true, revision = self.watch.since }
    elseif method == "unwatchPersistentData" then
        self.watch:close()
        return { watching = false, revision = self.watch.revision }
    end
    local verb, leading, member = unpack(VERBS[method])
    local arguments, options = {}, json.copy(params)
    for at, name in ipairs(leading) do
        arguments[at] = params[name]
        options[name] = nil
    end
    arguments[#leading + 1] = options
    arguments[#leading + 2] = callback
        and function(err, answer)
            callback(err, member and answer and { [member] = answer } or answer)
        end
    local answer = self.vault[verb](self.vault, unpack(arguments, 1, #leading + 2))
    return not callback and member and { [member] = answer } or answer
end

function Window:kill()
    local running = self.sidecar.connection
    uv.kill(running.pid, "sigkill")
    wait_until(function()
        return running.over
    end)
end

local Run = {}
Run.__index = Run

local function new_run(case)
    local self = setmetatable({ case = case, windows = {}, begun = {}, refreshes = {} }, Run)
    self.folders = { unpack(FOLDERS, 1, case.folders or 1) }
    self.plugin = "conformance." .. random_hex(8)
    local key1, key2 = random_hex(20), random_hex(20)
    self.variables = { folder1 = FOLDERS[1], folder2 = FOLDERS[2], key1 = key1, key2 = key2, KEY1 = key1:upper() }
    return self
end

---Replaces the variables and the long texts in the parameters of a step.
function Run:fill(value)
    if type(value) == "string" then
        local name = value:match("^%${(%w+)}$")
        return name and assert(self.variables[name], "nothing was saved as this variable") or value
    elseif type(value) ~= "table" then
        return value
    elseif value["$repeat"] then
        return value["$repeat"][1]:rep(value["$repeat"][2])
    elseif next(value) == nil then
        return value
    end
    return vim.tbl_map(function(each)
        return self:fill(each)
    end, value)
end

local ANY = {
    number = function(value)
        return type(value) == "number" and value >= 0 and value % 1 == 0
    end,
    revision = function(value)
        return type(value) == "number" and value >= 1 and value % 1 == 0
    end,
    text = function(value)
        return type(value) == "string" and value ~= ""
    end,
    time = function(value)
        return type(value) == "string" and value:match("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$") ~= nil
    end,
    key = function(value)
        return type(value) == "string" and value:match("^%x+$") ~= nil and #value == 40 and value == value:lower()
    end,
}

function Run:match(actual, expected, where)
    local function wrong(what)
        fail(where .. ":", shown(actual), "is not", what)
    end
    if type(expected) ~= "table" or expected["$repeat"] then
        local value = self:fill(expected)
        if actual ~= value then
            wrong(shown(value))
        end
    elseif expected["$any"] then
        if not ANY[expected["$any"]](actual) then
            wrong(expected["$any"])
        end
    elseif expected["$above"] then
        if not ANY.revision(actual) or actual <= self.variables[expected["$above"]] then
            wrong("above " .. self.variables[expected["$above"]])
        end
    else
        if type(actual) ~= "table" or is_object(actual) ~= is_object(expected) then
            wrong(shown(expected))
        end
        for name in pairs(actual) do
            if expected[name] == nil and not expected["$more"] then
                fail(where .. ": unexpected member", name)
            end
        end
        for name, each in pairs(expected) do
            if name ~= "$more" then
                self:match(actual[name], each, where .. ", " .. name)
            end
        end
    end
end

function Run:match_in_any_order(actual, expected)
    if type(actual) ~= "table" or #actual ~= #expected then
        fail("the answer has another length:", shown(actual))
    end
    local left = { unpack(actual) }
    for _, each in ipairs(expected) do
        local found
        for at, candidate in ipairs(left) do
            found = found or pcall(self.match, self, candidate, each, "") and at
        end
        table.remove(left, found or fail(shown(each), "is not in", shown(left)))
    end
end

---Compares how a call has ended with what the step expects.
function Run:settle(step, err, answer)
    if err ~= nil then
        local kind = type(err) == "table" and err.kind
        if step.throws and not kind and tostring(err):find(step.throws, 1, true) then
            return
        elseif not step.error or not kind then
            error(err, 0)
        end
        local expected = type(step.error) == "string" and { kind = step.error } or json.copy(step.error)
        expected["$more"] = true
        expected.data = vim.tbl_extend("force", expected.data or {}, { ["$more"] = true })
        local data = next(err.data) and err.data or vim.empty_dict()
        return self:match({ kind = err.kind, retryable = err.retryable, data = data }, expected, "the error")
    elseif step.error or step.throws then
        fail("an error was expected, and the answer was", shown(answer))
    end
    if step.unordered then
        self:match_in_any_order(answer, step.answer)
    elseif step.answer == vim.NIL then
        self:match(answer, nil, "the answer")
    elseif step.answer ~= nil then
        self:match(answer, step.answer, "the answer")
    end
    for member, variable in pairs(step.save or {}) do
        self.variables[variable] = answer[member]
    end
end

function Run:open(name, as)
    local another = as == "another installation" and "another" or "conformance"
    local plugin = as == "another plugin" and self.plugin .. ".another" or self.plugin
    local key = type(as) == "table" and self:fill(as) or { plugin = plugin, installation = another }
    local window = open_window(key, self.folders)
    table.insert(self.windows, window)
    if self.case.passphrase and not window.sidecar:status().locked then
        window.sidecar:unlock({ passphrase = self.case.passphrase })
    end
    local ok, err = pcall(window.vault.ready, window.vault)
    -- A window opens also while the store is locked; its calls report that.
    if not ok and not (self.case.passphrase and err.kind == "keyUnavailable") then
        error(err, 0)
    end
    self.windows[name] = window
    return window
end

function Run:window(name)
    return self.windows[name] or self:open(name)
end

---The one object for each window and name, and its queue of expected refreshes.
function Run:tokens(window, name)
    if not window.token_objects[name] then
        local queue = {}
        local object = window.vault:tokens({
            name = name,
            reads = 3,
            isFresh = self.case.fresh and function(tokens)
                return vim.tbl_contains(self.case.fresh, tokens.accessToken)
            end,
            refresh = function(tokens)
                local expected = table.remove(queue, 1)
                if not expected then
                    self.fault = "the refresh function was called once more than expected"
                    error(self.fault, 0)
                end
                local ok, fault = pcall(function()
                    self:match(tokens, expected.gets, "the argument of refresh")
                    for _, step in ipairs(expected.during or {}) do
                        self:step(step)
                    end
                end)
                self.fault = self.fault or not ok and fault or nil
                if expected.fails then
                    error(expected.fails, 0)
                end
                return expected.gives ~= vim.NIL and self:fill(expected.gives) or nil
            end,
        })
        window.token_objects[name] = { object = object, queue = queue }
    end
    return window.token_objects[name]
end

---Begins the call of a step. `callback` is given if the case goes on before it ends.
function Run:call(step, window, callback)
    local params = self:fill(step.with or {})
    local verb = step.call:match("^tokens%.(%w+)$")
    if not verb then
        local cancel = window:call(step.call, params, callback)
        if step.spoil then
            for name in pairs(params.data) do
                params.data[name] = "spoilt"
            end
        end
        return cancel
    end
    local tokens = self:tokens(window, params.name or "oauth")
    vim.list_extend(tokens.queue, step.refresh or {})
    if verb == "get" then
        return tokens.object:get({ rejected = params.rejected }, callback)
    end
    return tokens.object[verb](tokens.object, unpack({ params.tokens or callback, params.tokens and callback }))
end

function Run:step(step)
    if step.open then
        local ok, result = pcall(self.open, self, step.open, step.as)
        return self:settle(step, not ok and result or nil, result)
    elseif step.close then
        return self:window(step.close).sidecar:close()
    elseif step.kill then
        return self:window(step.kill):kill()
    elseif step.cancel then
        return self.begun[step.cancel].cancel()
    elseif step["end"] then
        local begun = self.begun[step["end"]]
        self.begun[step["end"]] = nil
        wait_until(function()
            return begun.done
        end)
        return self:settle(step, begun.err, begun.answer)
    end
    local window = self:window(step["in"] or "a")
    if step.folders then
        window.folders = self:fill(step.folders)
        window.sidecar:update_folders()
    elseif step.notice then
        wait_until(function()
            return #window.notices > 0
        end)
        self:match(table.remove(window.notices, 1), step.notice, "the notice")
    elseif step.begin then
        local begun = {}
        self.begun[step.begin] = begun
        begun.cancel = self:call(step, window, function(err, answer)
            begun.done, begun.err, begun.answer = true, err, answer
        end)
    else
        local ok, answer = pcall(self.call, self, step, window)
        self:settle(step, not ok and answer or nil, ok and answer or nil)
    end
end

function Run:all()
    for at, step in ipairs(self.case.steps) do
        local ok, fault = pcall(self.step, self, step)
        fault = self.fault or not ok and fault
        if fault then
            fail("step", at .. ",", shown(step) .. ":", type(fault) == "table" and vim.inspect(fault) or fault)
        end
    end
    for name in pairs(self.begun) do
        fail("the call", name, "was begun and not ended")
    end
    for _, window in ipairs(self.windows) do
        for name, tokens in pairs(window.token_objects) do
            if #tokens.queue > 0 then
                fail("the refresh function of", name, "was not called as often as expected")
            end
        end
    end
end

---Runs a case. Returns its fault, or nothing.
local function run_case(case)
    local run = new_run(case)
    local ok, fault
    if os.getenv("FORM") == "coroutine" then
        local done = false
        task.run(function()
            run:all()
        end, function(err)
            done, ok, fault = true, err == nil, err
        end)
        if not vim.wait(DEADLINE, function()
            return done
        end, 1) then
            ok, fault = false, "not ended in time"
        end
    else
        ok, fault = pcall(run.all, run)
    end
    for _, window in ipairs(run.windows) do
        window.sidecar:close()
    end
    return not ok and tostring(fault) or nil
end

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

math.randomseed(uv.hrtime() % 2 ^ 31)
local outcomes = {}
for _, case in ipairs(vim.json.decode(read(os.getenv("CASES")))) do
    outcomes[case.tier .. ": " .. case.name] = run_case(case) or "passed"
end
local file = assert(io.open(os.getenv("OUTCOMES"), "wb"))
file:write(vim.json.encode(outcomes))
file:close()
vim.cmd("qall!")
