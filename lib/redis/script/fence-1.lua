--[[
  Puts an owner's fence on a tag, or renews it (a renewal never shortens it). The stamp, if there was one, is gone.
  Owners whose deadline has passed are pruned. The key expires at the latest deadline, and with it the last trace of
  the stamp.

    KEYS[1]  the tag

    ARGV[1]  owner, a token: letters, digits, "-", "_"
    ARGV[2]  duration in milliseconds

  Returns how many owners stand on the tag now.

  A fenced tag reads "!owner:deadline,owner2:deadline2", deadlines in milliseconds of Redis's own clock.
]]
local tag, owner = KEYS[1], ARGV[1]
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local mine = now + tonumber(ARGV[2])
local latest = mine
local others = {}
local value = redis.call("GET", tag)
if value and string.sub(value, 1, 1) == "!" then
    for name, text in string.gmatch(value, "([^!,:]+):(%d+)") do
        local deadline = tonumber(text)
        if name == owner then
            mine = math.max(mine, deadline)
        elseif deadline > now then
            others[#others + 1] = name .. ":" .. text
        end
        if deadline > latest then latest = deadline end
    end
end

others[#others + 1] = owner .. ":" .. string.format("%.0f", mine)
redis.call("SET", tag, "!" .. table.concat(others, ","), "PX", string.format("%.0f", latest - now))
return #others
