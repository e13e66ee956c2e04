-- Notes that the store can be written to, and answers for how many milliseconds it has remembered.
-- KEYS[1] the registry's memory
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSETNX', KEYS[1], 'born', string.format('%.0f', now))
redis.call('HSET', KEYS[1], 'touched', string.format('%.0f', now))
return math.max(0, now - tonumber(redis.call('HGET', KEYS[1], 'born')))
