import type { HostMetricsReader, ServiceStateSource } from '@viw/host-metrics';
import type { Executor } from './executor';
import { jsonOutcome } from './executor';

export const getSystemHealth = (metrics: HostMetricsReader): Executor => ({
  available: () => Promise.resolve(true),
  run: async () => jsonOutcome(await metrics.read()),
});

export const getServiceStatus = (
  { services }: { readonly services: readonly string[] },
  states: ServiceStateSource,
): Executor => ({
  available: () => Promise.resolve(true),
  run: async () => jsonOutcome({ services: await states.read(services) }),
});
