import { z } from 'zod';
import { noArguments } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: `systemctl is-active`, or the process table where systemd does not run. */
export const getServiceStatus = defineVerb({
  verb: 'get_service_status',
  title: 'Service status',
  description: 'States of the services that this gateway reports.',
  risk: 'read',
  timeout_s: 15,
  idempotent: true,
  arguments: noArguments,
  secretArguments: [],
  resultFormat: 'json',
  /** Name → systemd's word (`active`, `inactive`, `failed`, ...) or `unknown` where the host cannot tell. */
  result: z.object({ services: z.record(z.string(), z.string()) }),
  secretResults: [],
});
