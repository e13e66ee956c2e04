-- Writes something behind the events of a log, so that a replica that has it has them too.
--
-- KEYS  1 head (hash)  2 repair
-- ARGV  1 term  2 offset  3 the life in which the caller knows the log, or empty
-- Answers "ok"; "moved": another term, or the log ends before; "lost"; "repairing"; "restarted".

local head = redis.call('HMGET', KEYS[1], 'term', 'offset', 'life')
if not head[1] then
	return 'lost'
end
if redis.call('EXISTS', KEYS[2]) == 1 then
	return 'repairing'
end
if head[3] ~= life() or ARGV[3] ~= '' and ARGV[3] ~= head[3] then
	return 'restarted'
end
if head[1] ~= ARGV[1] or tonumber(head[2]) < tonumber(ARGV[2]) then
	return 'moved'
end
redis.call('HINCRBY', KEYS[1], 'holds', 1)
return 'ok'
