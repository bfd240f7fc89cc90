/**
 * Where a command waits is decided by one script, so that no HELLO can come between looking and writing. All keys of
 * a script carry the same hash tag; the hub stream is therefore guessed by the caller, and a wrong guess is answered
 * with the right one.
 */

/** Takes an entry out of a stream; false: another was first, or it is not `pending` or `unread` any more, as was believed. */
const leaves = `
local function leaves(stream, group, id, state)
  if state == 'pending' then
    if redis.call('XACK', stream, group, id) == 0 then return false end
    redis.call('XDEL', stream, id)
    return true
  end
  -- The hub may have died before it made its group: then nothing of its stream is pending.
  if #redis.pcall('XPENDING', stream, group, id, id, 1) > 0 then return false end
  return redis.call('XDEL', stream, id) == 1
end`;

/**
 * Gives a command its place: the stream of the hub that serves its agent, else the agent's mailbox. A mailbox lives as
 * long as something in it is of use, and each addition drops what is not from its head, so that an agent that never
 * comes back costs no memory for long. That these commands have expired is said by the backend, which knows them all.
 *
 * A hub without a sign of life serves nobody: from its first command that goes to the mailbox on, all do, until the
 * mailbox has been drained. So none overtakes another when the hub turns out to live.
 *
 * A command that leaves another place does so in the same instant, once: of several that move it one succeeds. From
 * the stream of a dead hub nothing is moved any more as soon as that hub says that it lives.
 *
 * KEYS lease, mailbox, stream of the guessed hub, sign of life of the guessed hub,
 *      [stream the command comes from, [sign of life that must be missing]]
 * ARGV guessed hub, '1' when that hub says that it does not have the agent, for how long the command is of use ms, group,
 *      id in the stream the command comes from or '', 'pending' or 'unread' there, field, value, field, value, ...
 * Returns 'hub', 'mailbox', 'gone' (the command has left its former place already), 'alive' (so it stays in its place)
 * or '@' and the hub to guess next.
 */
export const placeCommand = `${leaves}
local lease = redis.call('HMGET', KEYS[1], 'hub', 'serving')
local serving = lease[1] and lease[2] == '1'
if serving and lease[1] ~= ARGV[1] then return '@' .. lease[1] end
if KEYS[6] and redis.call('EXISTS', KEYS[6]) == 1 then return 'alive' end
if ARGV[5] ~= '' and not leaves(KEYS[5], ARGV[4], ARGV[5], ARGV[6]) then return 'gone' end
if serving and ARGV[2] ~= '1' then
  if redis.call('EXISTS', KEYS[4]) == 1 then
    redis.call('XADD', KEYS[3], '*', unpack(ARGV, 7))
    return 'hub'
  end
  redis.call('HDEL', KEYS[1], 'serving')
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, oldest in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 2)) do
  if oldest[2][1] == 'until' and tonumber(oldest[2][2]) < now then redis.call('XDEL', KEYS[2], oldest[1]) end
end
redis.call('XADD', KEYS[2], '*', 'until', string.format('%.0f', now + ARGV[3]), unpack(ARGV, 7))
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
return 'mailbox'
`;

/**
 * An entry of a dead hub that nobody can read becomes a dead letter, once, however many hubs find it at a time.
 *
 * KEYS stream of the dead hub, its dead letters, sign of life that must be missing.
 * ARGV group, id, 'pending' or 'unread', field, value, ... of the letter.
 * Returns 'dropped', 'gone' or 'alive', as above.
 */
export const setAside = `${leaves}
if redis.call('EXISTS', KEYS[3]) == 1 then return 'alive' end
if not leaves(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 'gone' end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 4))
return 'dropped'
`;

/**
 * Moves commands from an agent's mailbox to the stream of the hub that holds its lease, oldest first. When none is
 * left the hub serves the agent, in the same instant: from then on commands go to its stream.
 *
 * KEYS lease, mailbox, hub stream, contests. ARGV epoch of the lease, count, agent id.
 * Returns how many are left, -1 when the lease belongs to another connection, -2 while the agent's id is contested.
 */
export const drainMailbox = `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return -1 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(redis.call('ZSCORE', KEYS[4], ARGV[3]) or '0') > now then return -2 end
local entries = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[2])
for _, entry in ipairs(entries) do
  redis.call('XADD', KEYS[3], '*', unpack(entry[2], entry[2][1] == 'until' and 3 or 1))
  redis.call('XDEL', KEYS[2], entry[1])
end
local left = redis.call('XLEN', KEYS[2])
if left == 0 then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'serving', '1')
end
return left
`;
