-- Answers a log's head, and whether it is verified in this life of Redis.
--
-- KEYS  1 head (hash)
-- Answers {} where there is none, else {term, offset, hash, acked, enforced, archived, base, snapshot, verified (1), the life
-- in which it was verified}; what is absent is empty.

local head = redis.call('HMGET', KEYS[1], 'term', 'offset', 'hash', 'acked', 'enforced', 'archived', 'base', 'snapshot', 'life')
if not head[1] then
	return {}
end
local answer = {}
for i = 1, 8 do
	answer[i] = head[i] or ''
end
answer[9] = head[9] == life() and '1' or '0'
answer[10] = head[9] or ''
return answer
