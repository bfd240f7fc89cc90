/**
 * Ids of the newest entries, without their bodies. KEYS dead-letter stream. ARGV upper end of the range, count.
 */
export const newestIds = `
local ids = {}
for i, entry in ipairs(redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', ARGV[2])) do ids[i] = entry[1] end
return ids`;

/**
 * Puts the original entry at the end of its stream and removes the dead letter, both or neither. XADD comes first: a
 * server that refuses writes refuses it, and nothing has happened.
 * KEYS dead-letter stream, stream. ARGV id of the dead letter, field, value, field, value, ...
 * Returns the new stream id, or nil when the dead letter is gone.
 */
export const putBack = `
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return false end
local id = redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
redis.call('XDEL', KEYS[1], ARGV[1])
return id`;
