-- Notes up to where the archive has a log, keeps a newer snapshot, and cuts what neither loading nor watchers need.
--
-- KEYS  1 head (hash)  2 log (stream)  3 snapshot
-- ARGV  1 term  2 offset  3 offset of the snapshot, empty for none  4 snapshot  5 how many acknowledged events stay
--       6 the life in which the caller knows the log, or empty
-- Answers 1, or 0 where the log is in another term or life, or lost.

local head = redis.call('HMGET', KEYS[1], 'term', 'acked', 'archived', 'snapshot', 'base', 'life')
if head[1] ~= ARGV[1] or head[6] and ARGV[6] ~= '' and head[6] ~= ARGV[6] then
	return 0
end
local archived, snapshot = tonumber(head[3] or '0'), tonumber(head[4] or '0')
if tonumber(ARGV[2]) > archived then
	archived = tonumber(ARGV[2])
	redis.call('HSET', KEYS[1], 'archived', ARGV[2])
end
if ARGV[3] ~= '' and tonumber(ARGV[3]) > snapshot then
	snapshot = tonumber(ARGV[3])
	redis.call('SET', KEYS[3], ARGV[4])
	redis.call('HSET', KEYS[1], 'snapshot', ARGV[3])
	local left = redis.call('PTTL', KEYS[1])
	if left > 0 then
		redis.call('PEXPIRE', KEYS[3], left)
	end
end
if not head[5] then
	redis.call('HSET', KEYS[1], 'base', ARGV[2]) -- the log was made unguarded
end
local last = math.min(archived, snapshot, tonumber(head[2]) - tonumber(ARGV[5]))
if last > 0 then
	redis.call('XTRIM', KEYS[2], 'MINID', ARGV[1] .. '-' .. string.format('%.0f', last + 1))
end
return 1
