-- Appends events to a stage log, or answers what the same command did before.
--
-- KEYS  1 head (hash)  2 log (stream)  3 commands (hash)  4 commands by expiry (sorted set)  5 seats (hash)
-- ARGV  1 may create (1)  2 expected term  3 expected offset  4 expected hash
--       5 command  6 its payload's hash  7 remember the command (1)  8 now in ms  9 how long in ms
--       10 lifetime of all keys in ms, 0 for no end
--       11 new term  12 new offset  13 new hash  14 number of events
--       then per event its id and its bytes; then per operation kind, index of its key, field, value
-- Answers {status, ...}: "ok"; "again" and what was remembered; "moved"; "lost".
--
-- Offsets and terms stay texts here: a Lua number cannot hold 64 bits.

local head = redis.call('HMGET', KEYS[1], 'term', 'offset', 'hash')
local create = ARGV[1] == '1'

if head[1] then
	local due = redis.call('ZSCORE', KEYS[4], ARGV[5])
	if due and tonumber(due) > tonumber(ARGV[8]) then
		return {'again', redis.call('HGET', KEYS[3], ARGV[5])}
	end
	if create or head[1] ~= ARGV[2] or head[2] ~= ARGV[3] or head[3] ~= ARGV[4] then
		return {'moved'}
	end
elseif not create then
	return {'lost'}
end

local events = tonumber(ARGV[14])
local at = 15
for _ = 1, events do
	redis.call('XADD', KEYS[2], ARGV[at], 'e', ARGV[at + 1], 'p', ARGV[6])
	at = at + 2
end
if events > 0 then
	redis.call('HSET', KEYS[1], 'term', ARGV[11], 'offset', ARGV[12], 'hash', ARGV[13])
	if create then
		redis.call('HSET', KEYS[1], 'acked', '0')
	end
end

while at <= #ARGV do
	local key = KEYS[tonumber(ARGV[at + 1])]
	if ARGV[at] == 'set' then
		redis.call('HSET', key, ARGV[at + 2], ARGV[at + 3])
	elseif ARGV[at] == 'remove' then
		redis.call('HDEL', key, ARGV[at + 2])
	elseif ARGV[at] == 'clear' then
		redis.call('DEL', key)
	end
	at = at + 4
end

if ARGV[7] == '1' then
	for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ARGV[8], 'LIMIT', 0, 16)) do
		redis.call('ZREM', KEYS[4], old)
		redis.call('HDEL', KEYS[3], old)
	end
	redis.call('ZADD', KEYS[4], tonumber(ARGV[8]) + tonumber(ARGV[9]), ARGV[5])
	redis.call('HSET', KEYS[3], ARGV[5], ARGV[6] .. ARGV[11] .. '-' .. ARGV[12] .. '+' .. ARGV[14])
end

if ARGV[10] ~= '0' then
	for _, key in ipairs(KEYS) do
		redis.call('PEXPIRE', key, ARGV[10])
	end
end
return {'ok'}
