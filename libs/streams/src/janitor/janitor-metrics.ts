import { Counter, Gauge } from '@viw/runtime';
import type { Metrics } from '@viw/runtime';

export interface JanitorMetrics {
  readonly leading: Gauge;
  readonly length: Gauge<'stream'>;
  readonly trimmed: Counter<'stream'>;
  readonly refused: Gauge<'stream' | 'group'>;
}

export function janitorMetrics(registry: Metrics): JanitorMetrics {
  const registers = [registry];
  return {
    leading: new Gauge({
      name: 'viw_stream_janitor_leading',
      help: '1 in the process that trims streams at present',
      registers,
    }),
    length: new Gauge({
      name: 'viw_stream_length',
      help: 'Entries in the stream, told by the process that trims it',
      labelNames: ['stream'],
      registers,
    }),
    trimmed: new Counter({
      name: 'viw_stream_trimmed_total',
      help: 'Entries removed after every expected group had acknowledged them',
      labelNames: ['stream'],
      registers,
    }),
    refused: new Gauge({
      name: 'viw_stream_trim_refused',
      help: '1 while a stream is not trimmed because this expected group is missing',
      labelNames: ['stream', 'group'],
      registers,
    }),
  };
}
