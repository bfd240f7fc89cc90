import { hostMetrics } from '@viw/contracts';
import { z } from 'zod';
import { noArguments } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: what `get_system_health` reads, and the open sessions. */
export const getMonitoringData = defineVerb({
  verb: 'get_monitoring_data',
  title: 'Monitoring data',
  description: 'Health of the gateway together with its open VPN sessions.',
  risk: 'read',
  timeout_s: 30,
  idempotent: true,
  arguments: noArguments,
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({ health: hostMetrics, sessions: z.array(z.record(z.string(), z.unknown())) }),
  secretResults: [],
});
