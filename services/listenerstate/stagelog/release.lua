-- Gives a room back that was taken, unless somebody wrote an earlier time or took it since.
--
-- KEYS  1 due (sorted set)
-- ARGV  1 room  2 until when it was taken in ms  3 when something is due next in ms, empty for never
-- Answers 1, or 0 where it stays as it is.

local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then
	return 0
end
if ARGV[3] == '' then
	redis.call('ZREM', KEYS[1], ARGV[1])
else
	redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
return 1
