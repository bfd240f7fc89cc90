import { hostMetrics } from '@viw/contracts';
import { noArguments } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: `/proc`, statfs(2), the states of the services it reports. */
export const getSystemHealth = defineVerb({
  verb: 'get_system_health',
  title: 'System health',
  description: 'Load, memory, disks, network and services of the gateway.',
  risk: 'read',
  timeout_s: 15,
  idempotent: true,
  arguments: noArguments,
  secretArguments: [],
  resultFormat: 'json',
  result: hostMetrics,
  secretResults: [],
});
