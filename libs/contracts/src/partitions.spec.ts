import { agentPartitionStream, partitionOf, partitionStreams } from './partitions';

test('one partition is the plain stream', () => {
  expect(partitionStreams('viw.telemetry', 1)).toEqual(['viw.telemetry']);
  expect(agentPartitionStream('viw.telemetry', 'gw-berlin-1', 1)).toBe('viw.telemetry');
});

test('an agent’s partition never changes: what is in the streams depends on it', () => {
  expect(partitionStreams('viw.telemetry', 3)).toEqual([
    'viw.telemetry.0',
    'viw.telemetry.1',
    'viw.telemetry.2',
  ]);
  expect(['gw-1', 'gw-2', 'gw-berlin-1'].map((id) => partitionOf(id, 16))).toEqual([13, 2, 11]);
});

test('agents spread evenly, numbered ones too', () => {
  const counts = new Array<number>(16).fill(0);
  for (let n = 0; n < 16_000; n++) {
    const partition = partitionOf(`gw-${n}`, 16);
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(850);
  expect(Math.max(...counts)).toBeLessThan(1_150);
});
