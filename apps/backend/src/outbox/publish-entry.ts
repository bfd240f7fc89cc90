import type { StreamContract } from '@viw/contracts';
import { keptEntries, streamContracts } from '@viw/contracts';
import type { OutboxEntry } from '@viw/database';
import type { StreamProducer } from '@viw/streams';
import { PoisonEntryError } from '@viw/streams';

const contracts: ReadonlyMap<string, StreamContract> = new Map(
  streamContracts.map((contract) => [contract.stream, contract]),
);

/**
 * Adds an outbox row to its stream, under the row's event id however often it is tried.
 * @throws PoisonEntryError when the stream or the body is not one of the contracts
 */
export async function publishEntry(entry: OutboxEntry, producer: StreamProducer): Promise<void> {
  const contract = contracts.get(entry.stream);
  if (contract?.version !== entry.v)
    throw new PoisonEntryError([{ path: 'stream', msg: 'no contract for this stream and version' }]);
  const kept: Partial<Record<string, number>> = keptEntries;
  const maxlen = kept[entry.stream];
  await producer.publish(contract, entry.body, {
    eventId: entry.event_id,
    ...(entry.correlation_id === null ? {} : { correlationId: entry.correlation_id }),
    ...(maxlen === undefined ? {} : { maxlen }),
  });
}
