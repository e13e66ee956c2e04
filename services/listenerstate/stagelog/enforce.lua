-- Notes up to where the SFU does what the stage says, and rings the doorbell where that rose.
--
-- KEYS  1 head (hash)
-- ARGV  1 epoch of who reports  2 term  3 offset  4 doorbell, empty: the caller rings  5 what it says
-- Answers "rose"; "ok" where nothing rose; "ahead" of the log's end; "lost".
--
-- Numbers are compared as texts without leading zeros: a Lua number cannot hold 64 bits.

local function above(a, b)
	return #a > #b or #a == #b and a > b
end

local head = redis.call('HMGET', KEYS[1], 'term', 'offset', 'enforced')
if not head[1] then
	return 'lost'
end
if head[1] ~= ARGV[2] then
	return above(ARGV[2], head[1]) and 'ahead' or 'ok'
end
if above(ARGV[3], head[2]) then
	return 'ahead'
end

local offset, rose = ARGV[3], true
if head[3] then
	local epoch, reached = string.match(head[3], '^(%d+) %d+%-(%d+)$')
	if above(epoch, ARGV[1]) then
		return 'ok'
	end
	if not above(offset, reached) then
		offset, rose = reached, false
	end
end
redis.call('HSET', KEYS[1], 'enforced', ARGV[1] .. ' ' .. ARGV[2] .. '-' .. offset)
if rose and ARGV[4] ~= '' then
	redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return rose and 'rose' or 'ok'
