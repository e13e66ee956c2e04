-- One lease is one hash. Time is the store's own, never a caller's. Extra fields stand as x:<name>, fields that only
-- rise as r:<name>. Answers {granted, milliseconds left, the whole hash}.
-- KEYS[1] lease; ARGV operation, holder, fence, milliseconds to hold, milliseconds to remember, then field, value, ...
local key, operation, holder = KEYS[1], ARGV[1], ARGV[2]
local fence, hold, remember = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local stored = redis.call('HMGET', key, 'holder', 'fence', 'deadline', 'hold')
local current = {
  holder = stored[1] or '', fence = tonumber(stored[2] or 0),
  left = math.max(0, tonumber(stored[3] or 0) - now), hold = tonumber(stored[4] or 0),
}
-- Where the clock was put back, a lease holds for its length from the first time that this is seen.
if current.left > current.hold then
  current.left = current.hold
  redis.call('HSET', key, 'deadline', string.format('%.0f', now + current.hold))
end

local granted = false
if operation == 'acquire' then
  granted = current.left == 0 or current.holder == holder
  fence = math.max(current.fence + 1, fence + 1, now)
elseif operation == 'seize' then
  granted = true
  fence = current.holder == holder and current.fence or math.max(current.fence + 1, now)
elseif operation == 'renew' then
  granted = current.fence < fence or current.fence == fence and current.holder == holder
elseif operation == 'release' then
  granted = current.fence == fence and current.holder == holder
  if granted then
    holder, hold = '', 0
  end
end

if granted then
  redis.call('HSET', key, 'holder', holder, 'fence', string.format('%.0f', fence),
    'deadline', string.format('%.0f', now + hold), 'hold', string.format('%.0f', hold))
  for i = 6, #ARGV, 2 do
    local name, value = ARGV[i], ARGV[i + 1]
    if string.sub(name, 1, 2) == 'r:' then
      local before = tonumber(redis.call('HGET', key, name) or 0)
      value = string.format('%.0f', math.max(before, tonumber(value)))
    end
    redis.call('HSET', key, name, value)
  end
  redis.call('PEXPIRE', key, remember)
  current.left = hold
end
return {granted and 1 or 0, current.left, redis.call('HGETALL', key)}
