-- Gives a repair back, unless it passed to another holder.
--
-- KEYS 1 repair  ARGV 1 token
if redis.call('GET', KEYS[1]) == ARGV[1] then
	return redis.call('DEL', KEYS[1])
end
return 0
