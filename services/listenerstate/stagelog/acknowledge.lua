-- Marks events as held twice, cuts what watchers no longer need, and rings the doorbell.
--
-- KEYS  1 head (hash)  2 log (stream)  3 repair
-- ARGV  1 term  2 offset  3 first id to keep, or empty  4 doorbell, empty: the caller rings  5 what it says  6 guarded (1)
--       7 the life in which the caller knows the log, or empty
-- Answers "rose"; "held" where they are marked already; "moved": another term, or a log that ends before; "lost";
-- "repairing"; "restarted".

local head = redis.call('HMGET', KEYS[1], 'term', 'acked', 'offset', 'life')
if not head[1] then
	return 'lost'
end
if ARGV[6] == '1' then
	if redis.call('EXISTS', KEYS[3]) == 1 then
		return 'repairing'
	end
	if head[4] ~= life() or ARGV[7] ~= '' and ARGV[7] ~= head[4] then
		return 'restarted'
	end
end
if head[1] ~= ARGV[1] or tonumber(head[3]) < tonumber(ARGV[2]) then
	return 'moved'
end
if tonumber(head[2]) >= tonumber(ARGV[2]) then
	return 'held'
end
redis.call('HSET', KEYS[1], 'acked', ARGV[2])
if ARGV[3] ~= '' then
	redis.call('XTRIM', KEYS[2], 'MINID', ARGV[3])
end
if ARGV[4] ~= '' then
	redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return 'rose'
