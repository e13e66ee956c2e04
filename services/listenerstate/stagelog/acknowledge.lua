-- Marks events as held twice, cuts what watchers no longer need, and rings the doorbell.
--
-- KEYS  1 head (hash)  2 log (stream)
-- ARGV  1 term  2 offset  3 first id to keep, or empty  4 doorbell, empty: the caller rings  5 what it says  6 guarded (1)
-- Answers 1 where the mark rose, else 0: another term, no head, a log that ends before or is not verified, or marked
-- already.

local head = redis.call('HMGET', KEYS[1], 'term', 'acked', 'offset', 'life')
if head[1] ~= ARGV[1] or tonumber(head[2]) >= tonumber(ARGV[2]) or tonumber(head[3]) < tonumber(ARGV[2]) then
	return 0
end
if ARGV[6] == '1' and head[4] ~= life() then
	return 0
end
redis.call('HSET', KEYS[1], 'acked', ARGV[2])
if ARGV[3] ~= '' then
	redis.call('XTRIM', KEYS[2], 'MINID', ARGV[3])
end
if ARGV[4] ~= '' then
	redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return 1
