-- Takes rooms at which something is due, by moving them on.
--
-- KEYS  1 due (sorted set)
-- ARGV  1 now in ms  2 until when they are taken in ms  3 how many at most
-- Answers the rooms.

local rooms = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, room in ipairs(rooms) do
	redis.call('ZADD', KEYS[1], ARGV[2], room)
end
return rooms
