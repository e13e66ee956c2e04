-- Starts a new term of a log that was lost or went another way than the archive.
--
-- KEYS  1 head  2 log  3 commands  4 commands by expiry  5 seats  6 hands  7 snapshot  8 repair
-- ARGV  1 the repair's token  2 term  3 offset  4 hash  5 lifetime of all keys in ms, 0 for no end
--       6 doorbell, empty: the caller rings  7 what it says  8 number of commands  9 guarded (1)  10 snapshot, empty for none
--       then per command its name, what is remembered, and when to forget it in ms;
--       then per operation kind ("set" or "add"), index of its key, field, value
-- Answers 1, or 0 where another repair came first.

if redis.call('GET', KEYS[8]) ~= ARGV[1] then
	return 0
end
local term = redis.call('HGET', KEYS[1], 'term')
if term and tonumber(term) >= tonumber(ARGV[2]) then
	return 0
end
for i = 1, 8 do
	redis.call('DEL', KEYS[i])
end
redis.call('HSET', KEYS[1], 'term', ARGV[2], 'offset', ARGV[3], 'hash', ARGV[4], 'acked', ARGV[3])
if ARGV[9] == '1' then
	redis.call('HSET', KEYS[1], 'life', life(), 'archived', ARGV[3], 'base', ARGV[3])
end
if ARGV[10] ~= '' then
	redis.call('SET', KEYS[7], ARGV[10])
	redis.call('HSET', KEYS[1], 'snapshot', ARGV[3])
end

local at = 11
for _ = 1, tonumber(ARGV[8]) do
	redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1])
	redis.call('ZADD', KEYS[4], ARGV[at + 2], ARGV[at])
	at = at + 3
end
while at <= #ARGV do
	local key = KEYS[tonumber(ARGV[at + 1])]
	if ARGV[at] == 'add' then
		redis.call('ZADD', key, ARGV[at + 3], ARGV[at + 2])
	else
		redis.call('HSET', key, ARGV[at + 2], ARGV[at + 3])
	end
	at = at + 4
end
if ARGV[5] ~= '0' then
	for i = 1, 7 do
		redis.call('PEXPIRE', KEYS[i], ARGV[5])
	end
end
if ARGV[6] ~= '' then
	redis.call('PUBLISH', ARGV[6], ARGV[7])
end
return 1
