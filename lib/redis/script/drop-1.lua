--[[
  Removes a key that is an entry or a stamp; leaves a fence, and what is no string and so none of ours. Looking and
  removing are one step: a fence set between the two would be lost.

    KEYS[1]  the key

  Returns 1 when the key was removed, 0 otherwise.
]]
local first = redis.pcall("GETRANGE", KEYS[1], 0, 0)
if type(first) ~= "string" or first == "!" then return 0 end
return redis.call("UNLINK", KEYS[1])
