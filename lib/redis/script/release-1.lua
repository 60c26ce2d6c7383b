--[[
  Invalidates a tag and takes away the owner's own fence, if any. Where no other live owner's fence stands, the tag gets
  a fresh stamp; otherwise the others' fences stay as they are. Owners whose deadline has passed are pruned.

    KEYS[1]  the tag

    ARGV[1]  owner, a token: letters, digits, "-", "_"
    ARGV[2]  a random token, made by the caller for this call
    ARGV[3]  how long the new stamp lives, in milliseconds

  Returns 1 when the tag got a stamp, 0 when it is still fenced.

  The stamp is the token and the microsecond of this very run. A client that lost its connection sends an unanswered
  command once more, and the first one may have been run: were the stamp the token alone, the second run would bring
  back a stamp that another writer has replaced in between, and with it everything cached under it.
]]
local tag, owner = KEYS[1], ARGV[1]
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local latest = 0
local others = {}
local value = redis.call("GET", tag)
if value and string.sub(value, 1, 1) == "!" then
    for name, text in string.gmatch(value, "([^!,:]+):(%d+)") do
        local deadline = tonumber(text)
        if name ~= owner and deadline > now then
            others[#others + 1] = name .. ":" .. text
            if deadline > latest then latest = deadline end
        end
    end
end

if #others > 0 then
    redis.call("SET", tag, "!" .. table.concat(others, ","), "PX", string.format("%.0f", latest - now))
    return 0
end
redis.call("SET", tag, ARGV[2] .. "-" .. string.format("%.0f", time[1] * 1000000 + time[2]), "PX", ARGV[3])
return 1
