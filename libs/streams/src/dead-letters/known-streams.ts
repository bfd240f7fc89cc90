import { deadLetterRegisterKey, streamContracts } from '@viw/contracts';
import type { StreamContract } from '@viw/contracts';
import type { Redis } from 'ioredis';

/** A stream from which entries may have been set aside. */
export interface DeadLetterStream {
  readonly stream: string;
  readonly contract: StreamContract;
}

const contracts: ReadonlyMap<string, StreamContract> = new Map(
  streamContracts.map((contract) => [contract.stream, contract]),
);

/** Printable, bounded, and ours: the register is written by every consumer, and a replay writes to what stands in it. */
const registered = (stream: string, contractStream: string | null): DeadLetterStream | undefined => {
  const contract = contracts.get(contractStream ?? '');
  return contract && /^viw\.[\x21-\x7e]{1,250}$/.test(stream) ? { stream, contract } : undefined;
};

/** Those of the contracts, then hub streams and partitions that have had dead letters; in a fixed order. */
export async function deadLetterStreams(redis: Redis): Promise<DeadLetterStream[]> {
  const own = [...contracts].map(([stream, contract]) => ({ stream, contract }));
  const others = Object.entries(await redis.hgetall(deadLetterRegisterKey))
    .filter(([stream]) => !contracts.has(stream))
    .flatMap(([stream, contractStream]) => registered(stream, contractStream) ?? []);
  return [...own, ...others];
}

/** Undefined for a stream that is not one of viw's, or never had a dead letter. */
export async function deadLetterStreamOf(
  redis: Redis,
  stream: string,
): Promise<DeadLetterStream | undefined> {
  const contract = contracts.get(stream);
  if (contract) return { stream, contract };
  return registered(stream, await redis.hget(deadLetterRegisterKey, stream));
}
