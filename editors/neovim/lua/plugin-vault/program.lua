-- Finds the program: the setting, the environment, the copy in this plugin, the search path. Neovim's current folder may be a
-- hostile project, so no program is taken from there or started there.

local errors = require("plugin-vault.errors")
local uv = vim.uv or vim.loop

local M = {}

local windows = vim.fn.has("win32") == 1
local NAME = windows and "plugin-vault.exe" or "plugin-vault"
local PLUGIN = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h:h:h")

local function is_absolute(path)
    return path:find(windows and "^%a:[/\\]" or "^/") ~= nil
end

local function is_program(path)
    local stat = uv.fs_stat(path)
    return stat ~= nil and stat.type == "file" and uv.fs_access(path, "X") == true
end

local function named(path, by)
    if not is_absolute(path) then
        local message = by .. " names " .. path .. ", which depends on the current folder. Use an absolute path."
        error(errors.new("binaryNotFound", message), 0)
    elseif not is_program(path) then
        error(errors.new("binaryNotFound", by .. " names " .. path .. ", which is not a program. Correct it or clear it."), 0)
    end
    return path
end

---The program's path, and where it was found. Throws `binaryNotFound`.
---@param setting? string
---@return string path
---@return string where
function M.find(setting)
    local variable = os.getenv("PLUGIN_VAULT_BIN")
    if setting then
        return named((setting:gsub("^~/", uv.os_homedir() .. "/")), "The option `binary`"), "the option `binary`"
    elseif variable and variable ~= "" then
        return named(variable, "PLUGIN_VAULT_BIN"), "PLUGIN_VAULT_BIN"
    end
    local packed = PLUGIN .. "/bin/" .. NAME
    if is_program(packed) then
        return packed, "the copy in this plugin"
    end
    for folder in (os.getenv("PATH") or ""):gmatch(windows and "[^;]+" or "[^:]+") do
        local path = folder .. "/" .. NAME
        if is_absolute(folder) and is_program(path) then
            return path, "PATH"
        end
    end
    local message = "plugin-vault is not installed. Put it on PATH, or name it in PLUGIN_VAULT_BIN or in"
        .. ' require("plugin-vault").setup({ binary = "…" }).'
    error(errors.new("binaryNotFound", message), 0)
end

local ELF = "\127ELF"

local function head(path)
    local file = io.open(path, "rb")
    local bytes = file and file:read(4096) or ""
    if file then
        file:close()
    end
    return bytes
end

-- What an ELF file says about its processor: the size of a word, the order of bytes, the number of the architecture.
local function machine(bytes)
    return bytes:sub(5, 6) .. bytes:sub(19, 20)
end

-- Whether the system has a program that executes those for other processors.
local function has_emulator()
    for _, path in ipairs(vim.fn.glob("/proc/sys/fs/binfmt_misc/*", true, true)) do
        local name = path:match("[^/]*$"):lower()
        if name:find("qemu") or name:find("rosetta") or name:find("fex") or name:find("box") then
            return true
        end
    end
    return false
end

---Why the system can't execute a program: an ELF file for another processor than Neovim's, or one whose loader is missing. The C
---library may hand such a file to the shell, which then takes its bytes for commands. So it is asked before a start, unless the
---system has an emulator, and after a start that failed: neither its exit code nor its last words say it.
---@param path string
---@return string?
function M.why_foreign(path)
    local file, own = head(path), head(uv.exepath())
    if file:sub(1, 4) ~= ELF then
        return nil
    end
    local loader = file:match("/[!-~]*%.so[!-~]*")
    if own:sub(1, 4) == ELF and machine(file) ~= machine(own) or loader and not uv.fs_stat(loader) then
        return path .. " could not be started: it is built for another C library or processor"
    end
end

---Starts the program in the home folder. `on.stdout` and `on.stderr` get pieces of text, and `nil` at the end. All are called
---where Neovim's functions may be used.
---@param path string
---@param args string[]
---@param on { stdout: fun(text: string?), stderr: fun(text: string?), exit?: fun(code: integer) }
---@param env? string[]
function M.spawn(path, args, on, env)
    local foreign = not has_emulator() and M.why_foreign(path)
    if foreign then
        error(errors.new("vaultEnded", foreign), 0)
    end
    local stdin, stdout, stderr = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
    local process, pid
    process, pid = uv.spawn(path, {
        args = args,
        stdio = { stdin, stdout, stderr },
        cwd = vim.fn.isdirectory(uv.os_homedir()) == 1 and uv.os_homedir() or "/",
        env = env,
        hide = true,
        -- In a process group of its own: Ctrl-Z in Neovim must not stop a process that may hold the store's lock.
        detached = not windows,
    }, function(code)
        process:close()
        if on.exit then
            vim.schedule_wrap(on.exit)(code)
        end
    end)
    if not process then
        for _, pipe in ipairs({ stdin, stdout, stderr }) do
            pipe:close()
        end
        -- The file is there, since it was found before. What is missing is the loader of its C library.
        local unsuitable = tostring(pid):match("^ENOENT") or tostring(pid):match("^ENOEXEC")
        local why = unsuitable and "it is built for another C library or processor" or tostring(pid)
        error(errors.new("vaultEnded", path .. " could not be started: " .. why), 0)
    end
    for pipe, take in pairs({ [stdout] = on.stdout, [stderr] = on.stderr }) do
        local deliver = vim.schedule_wrap(take)
        pipe:read_start(function(_, text)
            if not text then
                pipe:close()
            end
            deliver(text)
        end)
    end
    return { pid = pid, process = process, stdin = stdin }
end

return M
