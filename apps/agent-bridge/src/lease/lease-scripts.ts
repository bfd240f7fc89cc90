/**
 * The lease of an agent says which hub holds its socket: a hash {hub, epoch, conn_id, address, serving?} with a TTL. All keys
 * of one script carry the same hash tag.
 */

/**
 * Takes the lease, whoever has it: the newest connection wins. The epoch rises even when Redis has lost its memory,
 * because it is at least Redis's clock; so the one before need not be kept for ever. `serving` is not set: until the mailbox is drained, commands go there.
 *
 * But of two live hosts with one id neither may throw the other off for ever. The first claim from another address
 * than that of the connection it replaces is believed (a host that came back by another way) and remembered for a
 * while; the next one within that time, and every one while the contest lasts, is refused and prolongs the contest.
 * The connection that is there stays, and is served no command any more. Of an id that may not contest the newest claim wins.
 *
 * KEYS epoch, lease, rival claim, contests
 * ARGV hub, conn_id, lease ttl ms, address, agent id, how long a rival claim is remembered ms, contest ttl ms,
 *      '1' when the id may contest, epoch ttl ms
 * Returns {'taken', epoch, hub and epoch of the lease that was replaced or ''}, {'contested'} for the claim that
 * begins a contest, {'still-contested'}.
 */
export const takeLease = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[2], 'hub', 'epoch', 'address')
if ARGV[8] == '1' and held[1] and held[3] and held[3] ~= ARGV[4] then
  local contested = tonumber(redis.call('ZSCORE', KEYS[4], ARGV[5]) or '0') > now
  if contested or redis.call('EXISTS', KEYS[3]) == 1 then
    redis.call('ZADD', KEYS[4], string.format('%.0f', now + ARGV[7]), ARGV[5])
    redis.call('HDEL', KEYS[2], 'serving')
    return {contested and 'still-contested' or 'contested'}
  end
  redis.call('SET', KEYS[3], '1', 'PX', ARGV[6])
end
local previous = tonumber(redis.call('GET', KEYS[1]) or '0')
local epoch = string.format('%.0f', math.max(previous + 1, now))
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[9])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'hub', ARGV[1], 'epoch', epoch, 'conn_id', ARGV[2], 'address', ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {'taken', epoch, held[1] or '', held[2] or ''}
`;

/**
 * Renews many leases. One that is gone (Redis lost its memory, or was away for longer than the TTL) is made again
 * unless a newer connection of the agent exists.
 *
 * KEYS epoch, lease, mailbox, epoch, lease, mailbox, ... ARGV hub, lease ttl ms, epoch ttl ms, then epoch, conn_id,
 * address per lease.
 * Returns per lease 1 renewed, 2 renewed or made again, and the agent is not served or something waits in its mailbox,
 * which therefore must be drained, 0 lost to a newer connection.
 */
export const renewLeases = `
local answers = {}
for i = 1, #KEYS / 3 do
  local epochKey, lease, mailbox = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  local epoch, conn, address = ARGV[3 * i + 1], ARGV[3 * i + 2], ARGV[3 * i + 3]
  local held, serving = unpack(redis.call('HMGET', lease, 'epoch', 'serving'))
  local newest = tonumber(redis.call('GET', epochKey) or '0')
  if held == epoch then
    redis.call('PEXPIRE', lease, ARGV[2])
    redis.call('PEXPIRE', epochKey, ARGV[3])
    answers[i] = serving == '1' and redis.call('EXISTS', mailbox) == 0 and 1 or 2
  elseif held or newest > tonumber(epoch) then
    answers[i] = 0
  else
    redis.call('SET', epochKey, epoch, 'PX', ARGV[3])
    redis.call('HSET', lease, 'hub', ARGV[1], 'epoch', epoch, 'conn_id', conn, 'address', address)
    redis.call('PEXPIRE', lease, ARGV[2])
    answers[i] = 2
  end
end
return answers
`;

/** Gives a lease back unless a newer connection has it. KEYS lease. ARGV epoch. */
export const releaseLease = `
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;

/**
 * Says that the hub lives, and that it may have left something in Redis. KEYS sign of life, register. ARGV hub, ttl ms.
 * Returns 1 when the sign of life was still there.
 */
export const sayAlive = `
redis.call('SADD', KEYS[2], ARGV[1])
return redis.call('SET', KEYS[1], '1', 'PX', ARGV[2], 'GET') and 1 or 0
`;

/**
 * Forgets a hub that is gone for good: without sign of life, its stream empty.
 * KEYS hub stream, sign of life, register. ARGV hub. Returns 1 when it is forgotten.
 */
export const forgetHub = `
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('XLEN', KEYS[1]) > 0 then return 0 end
redis.call('DEL', KEYS[1])
return redis.call('SREM', KEYS[3], ARGV[1])
`;

/**
 * Tells a hub that lives, in its own stream, that one of its connections has been replaced. One that does not live
 * gets nothing: whoever takes its stream over has no use for it.
 *
 * KEYS hub stream, sign of life. ARGV field, value, ...
 */
export const tellReplaced = `
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('XADD', KEYS[1], '*', unpack(ARGV)) end
`;

/**
 * Contests under way from a position on, and the first ones that have ended, by Redis's clock.
 * KEYS contests. ARGV count, position. Returns {ids, ids}.
 */
export const readContests = `
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
return {
  redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'LIMIT', ARGV[2], ARGV[1]),
  redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
}
`;

/** Forgets a contest that has ended. KEYS contests. ARGV agent id. Returns 0 when it has begun anew. */
export const endContest = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0') > now then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
`;
