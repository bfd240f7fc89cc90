import type { HostMetricsReader } from '../host/host-metrics';
import type { ServiceStates } from '../host/service-states';
import type { Executor } from './executor';
import { jsonOutcome } from './executor';

export const getSystemHealth = (metrics: HostMetricsReader): Executor => ({
  available: () => Promise.resolve(true),
  run: async () => jsonOutcome(await metrics.read()),
});

export const getServiceStatus = (services: ServiceStates): Executor => ({
  available: () => Promise.resolve(true),
  run: async () => jsonOutcome({ services: await services.read() }),
});
