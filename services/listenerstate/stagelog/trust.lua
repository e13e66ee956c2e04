-- Says that a log is as it should be in this life of Redis, and ends the repair.
--
-- KEYS  1 head (hash)  2 repair
-- ARGV  1 the repair's token
-- Answers 1, or 0 where another repair came first or the log is lost.

if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 0 then
	return 0
end
redis.call('HSET', KEYS[1], 'life', life())
redis.call('DEL', KEYS[2])
return 1
