-- Answers which life of Redis this is: another after each start of the process, on each server, and after each time that it
-- took another server's data or place. Empty where Redis does not tell.
local function life()
	local told = redis.pcall('INFO', 'server', 'replication')
	if type(told) ~= 'string' then
		return ''
	end
	return (string.match(told, 'run_id:(%w+)') or '') .. ' ' .. (string.match(told, 'master_replid:(%w+)') or '')
end

