-- What a call costs inside Neovim. `run` beside this file starts it. Writes one line for each kind of call into OUT.

local uv = vim.uv or vim.loop
local rounds, calls = tonumber(os.getenv("ROUNDS")), 20
local vault = require("plugin-vault").open({ plugin = "bench.neovim" })
local file = os.getenv("HOME") .. "/neovim-file"
local filler = ("x"):rep(180)

local function store_secret(n)
    vim.fn.system("secret-tool store --label bench bench vi", "word " .. n)
end

local kinds = {
    { "get", function() assert(vault:get("user").filler) end },
    { "set, 200 bytes, on the disk", function(n) vault:set("user", { n = n, filler = filler }) end },
    { "a file: `readfile()` and `json_decode()`", function() assert(vim.fn.json_decode(vim.fn.readfile(file)).filler) end },
    { "a file: `writefile()` of 200 bytes", function(n) vim.fn.writefile({ vim.fn.json_encode({ n = n, filler = filler }) }, file, "S") end },
    { "a file: `writefile()` of 200 bytes, on the disk", function(n) vim.fn.writefile({ vim.fn.json_encode({ n = n, filler = filler }) }, file, "s") end },
    { "Secret Service: `secret-tool lookup`", function() assert(vim.fn.system("secret-tool lookup bench vi") ~= "") end },
    { "Secret Service: `secret-tool store`", store_secret },
}

local function median(times)
    table.sort(times)
    return times[math.floor(#times / 2) + 1]
end

vault:set("user", { filler = filler })
vim.fn.writefile({ vim.fn.json_encode({ filler = filler }) }, file)
local medians = {}
for round = 1, rounds do
    for at, kind in ipairs(kinds) do
        local times = {}
        for call = 1, calls do
            local start = uv.hrtime()
            kind[2](round * calls + call)
            table.insert(times, (uv.hrtime() - start) / 1e6)
        end
        medians[at] = medians[at] or {}
        table.insert(medians[at], median(times))
    end
end
local lines = {}
for at, kind in ipairs(kinds) do
    local middle = median(medians[at])
    table.insert(lines, ("%s\t%.3g (%.3g to %.3g)"):format(kind[1], middle, medians[at][1], medians[at][rounds]))
end
vim.fn.writefile(lines, os.getenv("OUT"))
vim.cmd("qall!")
