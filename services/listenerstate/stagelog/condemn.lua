-- Makes a log lost for everyone, before the archive is told that its term is over.
--
-- KEYS  1 head (hash)  2 repair
-- ARGV  1 the repair's token  2 the archive's term  3 how long the repair goes on in ms
-- Answers "ok"; "fenced": another repair came first; "newer": the archive is older than the log.

if redis.call('GET', KEYS[2]) ~= ARGV[1] then
	return 'fenced'
end
local term = redis.call('HGET', KEYS[1], 'term')
if term and tonumber(term) > tonumber(ARGV[2]) then
	return 'newer'
end
redis.call('DEL', KEYS[1])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 'ok'
