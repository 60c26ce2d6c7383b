--[[
  Lets a stamp outlive the entry that was stored under it. Does nothing when the tag has another stamp by now, or a
  fence (whose text is never a stamp), or none.

    KEYS[1]  the tag

    ARGV[1]  the stamp that the entry carries
    ARGV[2]  how long the entry lives, in milliseconds; "" for never expiring

  Returns 1 when the stamp's life was extended, 0 otherwise.
]]
local tag = KEYS[1]
if redis.call("GET", tag) ~= ARGV[1] then return 0 end
if ARGV[2] == "" then return redis.call("PERSIST", tag) end

local left = redis.call("PTTL", tag)
if left < 0 or left >= tonumber(ARGV[2]) then return 0 end
return redis.call("PEXPIRE", tag, ARGV[2])
