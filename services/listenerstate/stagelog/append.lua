-- Appends the events of commands to a stage log, or answers which of the commands came before, and then does nothing.
--
-- KEYS  1 head (hash)  2 log (stream)  3 commands (hash)  4 commands by expiry (sorted set)  5 seats (hash)
--       6 hands (sorted set)  7 snapshot  8 repair
-- ARGV  1 may create (1)  2 expected term  3 expected offset  4 expected hash  5 now in ms
--       6 how long commands are remembered in ms  7 lifetime of all keys in ms, 0 for no end
--       8 new term  9 new offset  10 new hash  11 number of commands  12 number of events  13 guarded (1)
--       then per command its name and what to remember, empty for nothing;
--       then per event its id, its bytes, the hash of its command's payload;
--       then per operation kind, index of its key, field, value
-- Answers {status, ...}: "ok", up to where is enforced, or empty, and the life; "known", then per command that came before its index
-- from 0 and what was remembered; "moved"; "lost"; "repairing"; "restarted".
--
-- Offsets and terms stay texts here: a Lua number cannot hold 64 bits.

local head = redis.call('HMGET', KEYS[1], 'term', 'offset', 'hash', 'enforced', 'life')
local create = ARGV[1] == '1'
local now = tonumber(ARGV[5])
local commands, events = tonumber(ARGV[11]), tonumber(ARGV[12])

local guarded, alive = ARGV[13] == '1', ''
if guarded then
	if redis.call('EXISTS', KEYS[8]) == 1 then
		return {'repairing'}
	end
	alive = life()
	if head[1] and head[5] ~= alive then
		return {'restarted'}
	end
end

if head[1] then
	local known = {'known'}
	for i = 0, commands - 1 do
		local name = ARGV[14 + 2 * i]
		local due = redis.call('ZSCORE', KEYS[4], name)
		if due and tonumber(due) > now then
			table.insert(known, tostring(i))
			table.insert(known, redis.call('HGET', KEYS[3], name))
		end
	end
	if #known > 1 then
		return known
	end
	if create or head[1] ~= ARGV[2] or head[2] ~= ARGV[3] or head[3] ~= ARGV[4] then
		return {'moved'}
	end
elseif not create then
	return {'lost'}
end

local at = 14 + 2 * commands
for _ = 1, events do
	redis.call('XADD', KEYS[2], ARGV[at], 'e', ARGV[at + 1], 'p', ARGV[at + 2])
	at = at + 3
end
if events > 0 then
	redis.call('HSET', KEYS[1], 'term', ARGV[8], 'offset', ARGV[9], 'hash', ARGV[10])
	if create then
		redis.call('HSET', KEYS[1], 'acked', '0')
		if guarded then
			redis.call('HSET', KEYS[1], 'life', alive, 'archived', '0', 'base', '0')
		end
	end
end

while at <= #ARGV do
	local kind, key, field, value = ARGV[at], KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2], ARGV[at + 3]
	if kind == 'set' then
		redis.call('HSET', key, field, value)
	elseif kind == 'remove' then
		redis.call('HDEL', key, field)
	elseif kind == 'add' then
		redis.call('ZADD', key, value, field)
	elseif kind == 'drop' then
		redis.call('ZREM', key, field)
	elseif kind == 'clear' then
		redis.call('DEL', key)
	end
	at = at + 4
end

local over = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ARGV[5], 'LIMIT', 0, 16 + 2 * commands)
for _, old in ipairs(over) do
	redis.call('ZREM', KEYS[4], old)
	redis.call('HDEL', KEYS[3], old)
end
for i = 0, commands - 1 do
	local name, remember = ARGV[14 + 2 * i], ARGV[15 + 2 * i]
	if remember ~= '' then
		redis.call('ZADD', KEYS[4], now + tonumber(ARGV[6]), name)
		redis.call('HSET', KEYS[3], name, remember)
	end
end

if ARGV[7] ~= '0' then
	for i = 1, 7 do
		redis.call('PEXPIRE', KEYS[i], ARGV[7])
	end
end
return {'ok', head[4] or '', alive}
