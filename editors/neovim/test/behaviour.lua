-- What Neovim does in the tests of behaviour.test.mjs: SCENARIO names a function below, whose result is written to OUT as JSON.

local json = require("plugin-vault.json")
local plugin_vault = require("plugin-vault")
local uv = vim.uv or vim.loop

local scenarios = {}

---Stops a process, and waits until all of its threads stand.
local function stop(pid)
    uv.kill(pid, "sigstop")
    vim.wait(5000, function()
        local file = io.open("/proc/" .. pid .. "/stat")
        local state = file and file:read("*a") or ""
        return (file and file:close()) and state:find(") T", 1, true) ~= nil
    end, 1)
end

if os.getenv("SOCKET") then
    plugin_vault.setup({ connect = os.getenv("SOCKET") })
end

local function open()
    if os.getenv("API_KEY") then
        return plugin_vault.open({ apiKey = os.getenv("API_KEY") })
    end
    return plugin_vault.open({ plugin = os.getenv("PLUGIN") or "tests.behaviour", installation = "tests" })
end

local function write(value)
    local file = assert(io.open(os.getenv("OUT"), "wb"))
    file:write(json.encode(value))
    file:close()
end

---The error of a call as the test compares it.
local function try(...)
    local ok, err = pcall(...)
    if ok then
        return { kind = "none" }
    elseif type(err) ~= "table" then
        return { kind = "string", shown = tostring(err) }
    end
    return { kind = err.kind, retryable = err.retryable, data = json.object(err.data), shown = tostring(err) }
end

function scenarios.store()
    return { revision = open():set("user", { value = os.getenv("VALUE") }, { name = os.getenv("NAME") }) }
end

function scenarios.read()
    return { data = open():get("user", { name = os.getenv("NAME") }) or vim.NIL }
end

---Writes until the test kills Neovim. Each number is written to OUT once it is on the disk.
function scenarios.write_on()
    local vault, n = open(), 0
    while true do
        n = n + 1
        vault:set("user", { n = n, filler = ("x"):rep(1000) })
        write({ n = n })
    end
end

function scenarios.fail()
    local vault = open()
    return try(vault.get, vault, "user", { timeout = 3000 })
end

---Runs an Ex command, and waits until it has shown something.
function scenarios.show()
    vim.fn.confirm = function()
        return 1
    end
    vim.fn.inputsecret = function()
        return os.getenv("PASSPHRASE")
    end
    local function shown()
        return vim.fn.execute("messages")
    end
    -- A script gets the error that a user is shown.
    local ok, fault = pcall(vim.cmd, os.getenv("COMMAND"))
    vim.wait(5000, function()
        return not ok or vim.trim(shown()) ~= ""
    end, 5)
    return { shown = ok and shown() or tostring(fault) }
end

function scenarios.ended()
    local vault = open()
    vault:set("user", { n = 1 })
    local pid = plugin_vault.sidecar().connection.pid
    stop(pid)
    local outcomes = {}
    vault:set("user", { n = 2 }, function(err)
        outcomes.write = err.kind
    end)
    vault:get("user", function(err, data)
        outcomes.read = err or data.n
    end)
    uv.kill(pid, "sigkill")
    vim.wait(5000, function()
        return outcomes.write and outcomes.read
    end, 1)
    for _ = 2, 5 do
        vault:get("user")
        local running = plugin_vault.sidecar().connection
        uv.kill(running.pid, "sigkill")
        vim.wait(5000, function()
            return running.over
        end, 1)
    end
    outcomes.after = try(vault.get, vault, "user")
    return outcomes
end

---A sidecar that was stopped: a call that waits ends in time, and so does Neovim.
function scenarios.stopped()
    local vault = open()
    vault:ready()
    stop(plugin_vault.sidecar().connection.pid)
    local begin = uv.now()
    local outcome = try(vault.get, vault, "user", { timeout = 300 })
    uv.update_time()
    outcome.took = uv.now() - begin
    return outcome
end

---A relay that ends during a write, then another one, during whose absence the data has changed.
function scenarios.relay_lost()
    local vault, outcomes, changes = open(), {}, {}
    vault:watch(function(change)
        table.insert(changes, change)
    end)
    local carrier = plugin_vault.sidecar().connection.pid
    stop(carrier)
    vault:set("user", { value = "unanswered" }, function(err)
        outcomes.write = err.kind
    end)
    local relay = tonumber(os.getenv("RELAY"))
    uv.kill(relay, "sigterm")
    vim.wait(5000, function()
        return uv.kill(relay, 0) ~= 0
    end, 1)
    uv.kill(carrier, "sigcont")
    vim.wait(5000, function()
        return outcomes.write
    end, 1)
    -- More often than a sidecar may end.
    for _ = 1, 6 do
        outcomes.lost = try(vault.get, vault, "user")
    end
    write({ lost = true })
    vim.wait(20000, function()
        return #changes > 0
    end, 1)
    outcomes.changes, outcomes.data = #changes, vault:get("user")
    return outcomes
end

function scenarios.invalid()
    local vault, loop = open(), {}
    loop.loop = loop
    local outcomes = {}
    for name, value in pairs({
        nan = { n = 0 / 0 },
        infinite = { n = math.huge },
        bytes = { text = "\255" },
        surrogate = { text = "\237\160\128" },
        split = { text = "\226\195\169\130\172" },
        code = { f = print },
        gap = { list = { 1, nil, 3 } },
        mixed = { 1, n = 2 },
        loop = loop,
    }) do
        outcomes[name] = try(vault.set, vault, "user", value).kind
    end
    outcomes.stored = vault:get("user") == nil
    return outcomes
end

---What Lua makes of data that it can't hold, and what it keeps of numbers.
function scenarios.odd()
    local vault = open()
    local outcomes = { deep = try(vault.get, vault, "user", { name = "deep" }).kind }
    outcomes.surrogate = try(vault.get, vault, "user", { name = "surrogate" }).kind
    local before = vault:record("user", { name = "numbers" })
    outcomes.same = vault:set("user", before.data, { name = "numbers" }) == before.revision
    return outcomes
end

---A callback that fails is reported, and stops nothing.
function scenarios.callback()
    local vault, outcomes = open(), {}
    vault:set("user", { n = 1 }, function()
        error("the caller's own fault")
    end)
    vault:get("user", function(_, data)
        outcomes.n = data.n
    end)
    vim.wait(5000, function()
        return outcomes.n
    end, 1)
    outcomes.shown = vim.fn.execute("messages")
    return outcomes
end

---A watch: tells of what others store, until the change in UNTIL.
function scenarios.watch()
    local changes = {}
    local vault = open()
    vault:watch(function(change)
        table.insert(changes, change)
    end)
    write({ watching = true })
    vim.wait(20000, function()
        return #changes > 0
    end, 1)
    return { changes = changes, data = vault:get("user") }
end

function scenarios.update()
    local vault = open()
    for _ = 1, 50 do
        vault:update("user", function(data)
            return { n = (data and data.n or 0) + 1 }
        end)
    end
    return { n = vault:get("user").n }
end

function scenarios.closed()
    local vault, outcomes = open(), {}
    vault:ready()
    local pid = plugin_vault.sidecar().connection.pid
    vault:set("user", { n = 1 }, function(err)
        outcomes.set = err or "stored"
    end)
    plugin_vault.sidecar():close()
    outcomes.after = try(vault.get, vault, "user").kind
    outcomes.gone = uv.kill(pid, 0) ~= 0
    vim.wait(1000, function()
        return outcomes.set
    end, 1)
    return outcomes
end

function scenarios.folders()
    local vault = open()
    vault:set("workspace", { here = "first" })
    vim.cmd("cd ..")
    local elsewhere = vault:get("workspace")
    vim.cmd("cd project")
    return { elsewhere = elsewhere or vim.NIL, back = vault:get("workspace") }
end

---Shows the help, follows each of its links, and lists the words that it should explain.
function scenarios.help()
    local doc = vim.fn.fnamemodify(vim.api.nvim_get_runtime_file("doc/plugin-vault.txt", false)[1], ":h")
    vim.cmd("helptags " .. doc)
    vim.cmd("help plugin-vault")
    local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
    local broken = {}
    for link in text:gmatch("|([^|%s]+)|") do
        if not pcall(vim.cmd, "help " .. link) then
            table.insert(broken, link)
        end
    end
    os.remove(doc .. "/tags")
    return { broken = broken, text = text }
end

function scenarios.health()
    vim.cmd("checkhealth plugin-vault")
    return { text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") }
end

function scenarios.example()
    local shown = {}
    local printed = print
    print = function(...) -- luacheck: ignore
        table.insert(shown, table.concat(vim.tbl_map(tostring, { ... }), " "))
    end
    dofile(vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":h") .. "/example.lua")
    vim.wait(5000, function()
        return #shown >= 2
    end, 1)
    print = printed -- luacheck: ignore
    return { shown = shown }
end

local ok, result = pcall(scenarios[os.getenv("SCENARIO")])
if ok then
    write(result)
    vim.cmd("qall!")
else
    io.stderr:write(tostring(result), "\n")
    vim.cmd("cquit 1")
end
