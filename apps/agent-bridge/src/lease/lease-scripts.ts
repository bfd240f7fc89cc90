/**
 * The lease of an agent says which hub holds its socket: a hash {hub, epoch, conn_id, serving?} with a TTL. All keys
 * of one script carry the same hash tag.
 */

/**
 * Takes the lease, whoever has it: the newest connection wins. The epoch rises even when Redis has lost its memory,
 * because it is at least Redis's clock. `serving` is not set: until the mailbox is drained, commands go there.
 *
 * KEYS epoch, lease. ARGV hub, conn_id, ttl ms. Returns the epoch as text.
 */
export const takeLease = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local previous = tonumber(redis.call('GET', KEYS[1]) or '0')
local epoch = string.format('%.0f', math.max(previous + 1, now))
redis.call('SET', KEYS[1], epoch)
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'hub', ARGV[1], 'epoch', epoch, 'conn_id', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return epoch
`;

/**
 * Renews many leases. One that is gone (Redis lost its memory, or was away for longer than the TTL) is made again
 * unless a newer connection of the agent exists.
 *
 * KEYS epoch, lease, epoch, lease, ... ARGV hub, ttl ms, then epoch, conn_id per lease.
 * Returns per lease 1 renewed, 2 made again (its mailbox must be drained again), 0 lost to a newer connection.
 */
export const renewLeases = `
local answers = {}
for i = 1, #KEYS / 2 do
  local epochKey, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local epoch, conn = ARGV[2 * i + 1], ARGV[2 * i + 2]
  local held = redis.call('HGET', lease, 'epoch')
  local newest = tonumber(redis.call('GET', epochKey) or '0')
  if held == epoch then
    redis.call('PEXPIRE', lease, ARGV[2])
    answers[i] = 1
  elseif held or newest > tonumber(epoch) then
    answers[i] = 0
  else
    redis.call('SET', epochKey, epoch)
    redis.call('HSET', lease, 'hub', ARGV[1], 'epoch', epoch, 'conn_id', conn)
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
