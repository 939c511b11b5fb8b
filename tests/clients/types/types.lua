-- Lua reads its types, and they say what the contract says: lua5.4 types.lua FILE
local vault = dofile(arg[1])
assert(vault.error_codes.leaseHeld == 3001)
assert(vault.retryable.leaseHeld and not vault.retryable.leaseLost)
