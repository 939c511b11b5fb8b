-- JSON for the wire. Neovim's own encoder does not do: version 0.7 writes 14 digits of a number, and no version writes the
-- members of an object in a fixed order, so that an object that was read and is stored unchanged would be another text.

local errors = require("plugin-vault.errors")

local M = {}

local DICT = getmetatable(vim.empty_dict())
-- Deeper values can't be read back: vim.json.decode has the same limit.
local DEEPEST = 1000

local function refuse(why)
    error(errors.new("invalidParams", "The call was not sent, because " .. why .. "."), 0)
end

-- All sequences of more than one byte in UTF-8. A first byte is never a later one, so no match begins inside another one.
local SEQUENCES = {
    "\240[\144-\191][\128-\191][\128-\191]",
    "[\241-\243][\128-\191][\128-\191][\128-\191]",
    "\244[\128-\143][\128-\191][\128-\191]",
    "\224[\160-\191][\128-\191]",
    "[\225-\236\238\239][\128-\191][\128-\191]",
    "\237[\128-\159][\128-\191]",
    "[\194-\223][\128-\191]",
}

local function is_utf8(text)
    if text:find("[\128-\255]") then
        for _, sequence in ipairs(SEQUENCES) do
            text = text:gsub(sequence, "?")
        end
    end
    return not text:find("[\128-\255]")
end

local ESCAPES =
    { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
    if not is_utf8(text) then
        refuse("a text in it is not UTF-8, and JSON has no other texts. Encode the bytes, for example in base64")
    end
    local escaped = text:gsub('[%z\1-\31"\\]', function(character)
        return ESCAPES[character] or ("\\u%04x"):format(character:byte())
    end)
    return '"' .. escaped .. '"'
end

local function number(value)
    if value ~= value or value == math.huge or value == -math.huge then
        refuse("a number in it is not finite")
    elseif value == math.floor(value) and math.abs(value) <= 2 ^ 53 then
        return ("%.0f"):format(value)
    end
    -- The shortest text that is this number.
    for digits = 15, 17 do
        local text = ("%." .. digits .. "g"):format(value)
        if tonumber(text) == value or digits == 17 then
            return text
        end
    end
end

---The names of an object in their order, or `nil` if the table is a list.
local function names_of(value)
    local names, places = {}, 0
    for name in pairs(value) do
        if type(name) == "string" then
            names[#names + 1] = name
        else
            places = places + 1
        end
    end
    if #names > 0 and places > 0 or places ~= #value then
        refuse("a table in it is neither a list nor an object: the keys of an object are texts, and a list has no gaps")
    elseif #names > 0 or getmetatable(value) == DICT then
        table.sort(names)
        return names
    end
end

local function encode(value, depth)
    if value == vim.NIL then
        return "null"
    elseif type(value) == "string" then
        return quote(value)
    elseif type(value) == "boolean" then
        return tostring(value)
    elseif type(value) == "number" then
        return number(value)
    elseif type(value) ~= "table" then
        refuse("JSON has no " .. type(value))
    elseif depth > DEEPEST then
        refuse("a table in it contains itself, or is nested more than " .. DEEPEST .. " times")
    end
    local parts, names = {}, names_of(value)
    if names then
        for at, name in ipairs(names) do
            parts[at] = quote(name) .. ":" .. encode(value[name], depth + 1)
        end
        return "{" .. table.concat(parts, ",") .. "}"
    end
    for at, each in ipairs(value) do
        parts[at] = encode(each, depth + 1)
    end
    return "[" .. table.concat(parts, ",") .. "]"
end

---A table as an object. An empty one has no other sign of it.
function M.object(value)
    if type(value) == "table" and next(value) == nil then
        return vim.empty_dict()
    end
    return value
end

---The text of a value. Throws `invalidParams` for what JSON has not.
---@return string
function M.encode(value)
    return encode(value, 1)
end

---The value of a text: `null` as `vim.NIL`, `{}` as `vim.empty_dict()`.
function M.decode(text)
    return vim.json.decode(text)
end

---A copy, so that the caller and the binding don't change each other's tables. `vim.deepcopy` fails at `vim.NIL` in version 0.7.
function M.copy(value)
    return value ~= nil and M.decode(M.encode(value)) or nil
end

return M
