--[[
  Gives a lock back, if it is still the owner's: it may have expired, and be another's by now.

    KEYS[1]  the lock

    ARGV[1]  owner, as the lock holds it

  Returns 1 when the lock was given back, 0 otherwise.
]]
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("UNLINK", KEYS[1])
