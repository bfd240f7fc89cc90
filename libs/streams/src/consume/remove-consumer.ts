import type { Redis } from 'ioredis';
import type { GroupMember } from './group-reader';

/** XGROUP DELCONSUMER throws the consumer's pending entries away, hence the check in the same script. */
const REMOVE = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1`;

/** Removes a consumer that has nothing pending; false when it has. */
export async function removeConsumerIfEmpty(
  redis: Redis,
  { stream, group, consumer }: GroupMember,
): Promise<boolean> {
  return (await redis.eval(REMOVE, 1, stream, group, consumer)) === 1;
}
