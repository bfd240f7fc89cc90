/**
 * Where a command waits is decided by one script, so that no HELLO can come between looking and writing. All keys of
 * a script carry the same hash tag; the hub stream is therefore guessed by the caller, and a wrong guess is answered
 * with the right one.
 */

/**
 * Gives a command its place: the stream of the hub that serves its agent, else the agent's mailbox, which expires
 * when nothing has been added for the longest time that a command may live.
 *
 * KEYS lease, mailbox, stream of the guessed hub, sign of life of the guessed hub, [stream the command comes from]
 * ARGV guessed hub, '1' when that hub says that it does not have the agent, mailbox ttl ms, group,
 *      id in the stream the command comes from or '', field, value, field, value, ...
 * Returns 'hub', 'mailbox', 'gone' (the command has left its former place already) or '@' and the hub to guess next.
 */
export const placeCommand = `
local lease = redis.call('HMGET', KEYS[1], 'hub', 'serving')
local serving = lease[1] and lease[2] == '1'
if serving and lease[1] ~= ARGV[1] then return '@' .. lease[1] end
local place, key = 'mailbox', KEYS[2]
if serving and ARGV[2] ~= '1' and redis.call('EXISTS', KEYS[4]) == 1 then place, key = 'hub', KEYS[3] end
if ARGV[5] ~= '' then
  if redis.call('XACK', KEYS[5], ARGV[4], ARGV[5]) == 0 then return 'gone' end
  redis.call('XDEL', KEYS[5], ARGV[5])
end
redis.call('XADD', key, '*', unpack(ARGV, 6))
if place == 'mailbox' then redis.call('PEXPIRE', key, ARGV[3]) end
return place
`;

/**
 * Moves commands from an agent's mailbox to the stream of the hub that holds its lease, oldest first. When none is
 * left the hub serves the agent, in the same instant: from then on commands go to its stream.
 *
 * KEYS lease, mailbox, hub stream. ARGV epoch of the lease, count.
 * Returns how many are left, -1 when the lease belongs to another connection.
 */
export const drainMailbox = `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return -1 end
local entries = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[2])
for _, entry in ipairs(entries) do
  redis.call('XADD', KEYS[3], '*', unpack(entry[2]))
  redis.call('XDEL', KEYS[2], entry[1])
end
local left = redis.call('XLEN', KEYS[2])
if left == 0 then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'serving', '1')
end
return left
`;
