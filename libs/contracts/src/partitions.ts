/**
 * A stream may be split by agent, so that several readers share its load and the entries of one agent keep their
 * order. With a single partition the stream keeps its plain name. Producers and consumers must agree on the count.
 */
export const partitionStream = (stream: string, partition: number, partitions: number): string =>
  partitions === 1 ? stream : `${stream}.${partition}`;

/** All keys of a stream that is split into so many partitions. */
export const partitionStreams = (stream: string, partitions: number): string[] =>
  Array.from({ length: partitions }, (_, partition) => partitionStream(stream, partition, partitions));

/** Partition of an agent, 0 to `partitions` - 1: FNV-1a (32 bits) over the id's UTF-16 units, mixed at the end. */
export function partitionOf(agentId: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < agentId.length; i++) hash = Math.imul(hash ^ agentId.charCodeAt(i), 0x01000193);
  // Without this, ids that differ in their last digit only would share the upper bits.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % partitions;
}

/** The key that entries of an agent are added to. */
export const agentPartitionStream = (stream: string, agentId: string, partitions: number): string =>
  partitionStream(stream, partitionOf(agentId, partitions), partitions);
