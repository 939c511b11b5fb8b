-- The example of the README. behaviour.test.mjs runs it.
local vault = require("plugin-vault").open({ plugin = "me.notes" })

vault:set("user", { token = "abc" }, function(err)
    if err then
        return vim.notify(tostring(err), vim.log.levels.ERROR)
    end
    print("on the disk")
    vault:get("user", function(_, data)
        print(data.token)
    end)
end)
