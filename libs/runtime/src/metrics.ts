import { collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram } from 'prom-client';

/** One registry per process; metrics of ours are named `viw_*` by whoever creates them. */
export type Metrics = Registry;

/**
 * Registry with the process metrics of Node.js (memory, CPU, garbage collection, `nodejs_eventloop_lag_*`) and the
 * label `service` on every sample.
 */
export function createMetrics(service: string): Metrics {
  const metrics = new Registry();
  metrics.setDefaultLabels({ service });
  collectDefaultMetrics({ register: metrics });
  return metrics;
}
