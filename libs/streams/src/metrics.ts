import { Counter, Gauge, Histogram } from '@viw/runtime';
import type { Metrics } from '@viw/runtime';

/** Label `stream` is the contract's stream, so that hub streams and mailboxes do not make a series each. */
export interface StreamMetrics {
  readonly published: Counter<'stream'>;
  readonly buffered: Gauge;
  readonly shed: Counter<'stream'>;
  readonly lag: Gauge<'stream' | 'group'>;
  readonly pending: Gauge<'stream' | 'group'>;
  readonly batchSize: Histogram<'stream' | 'group'>;
  readonly handleSeconds: Histogram<'stream' | 'group'>;
  readonly retries: Counter<'stream' | 'group'>;
  readonly deadLetters: Counter<'stream' | 'group'>;
  readonly lost: Counter<'stream' | 'group'>;
  readonly claimed: Counter<'stream' | 'group'>;
  readonly gaps: Counter<'stream'>;
}

const known = new WeakMap<Metrics, StreamMetrics>();

/** The stream metrics of a registry; the same objects however often it is asked. */
export function streamMetrics(registry: Metrics): StreamMetrics {
  let metrics = known.get(registry);
  if (!metrics) {
    metrics = register(registry);
    known.set(registry, metrics);
  }
  return metrics;
}

function register(registry: Metrics): StreamMetrics {
  const registers = [registry];
  const group = ['stream', 'group'] as const;
  const stream = ['stream'] as const;
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers });
  return {
    published: counter('viw_stream_published_total', 'Entries that Redis has confirmed', stream),
    buffered: gauge('viw_stream_buffered', 'Entries accepted by the producer and not confirmed yet', []),
    shed: counter('viw_stream_shed_total', 'Telemetry dropped because the producer was full', stream),
    lag: gauge('viw_stream_lag', 'Entries the group has not been handed yet', group),
    pending: gauge('viw_stream_pending', 'Entries handed out and not acknowledged', group),
    batchSize: new Histogram({
      name: 'viw_stream_batch_size',
      help: 'Entries per batch given to the handler',
      labelNames: group,
      buckets: [1, 5, 10, 25, 50, 100, 200, 500],
      registers,
    }),
    handleSeconds: new Histogram({
      name: 'viw_stream_handle_seconds',
      help: 'How long the handler took for one batch',
      labelNames: group,
      registers,
    }),
    retries: counter('viw_stream_retries_total', 'Batches handed out again after an outage', group),
    deadLetters: counter('viw_stream_dead_letters_total', 'Entries set aside as poison', group),
    lost: counter(
      'viw_stream_lost_entries_total',
      'Pending entries that were deleted unhandled: data loss',
      group,
    ),
    claimed: counter('viw_stream_claimed_total', 'Entries taken over from dead consumers', group),
    gaps: counter(
      'viw_stream_gaps_total',
      'Times a follower found entries trimmed that it had not read',
      stream,
    ),
  };
}
