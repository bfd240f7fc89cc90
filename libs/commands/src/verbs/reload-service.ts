import { z } from 'zod';
import { unitName } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: `systemctl reload <service>`. The host has a list of services it touches. */
export const reloadService = defineVerb({
  verb: 'reload_service',
  title: 'Reload service',
  description:
    'Makes a service read its configuration again. Some services drop their sessions when they do.',
  risk: 'disruptive',
  timeout_s: 60,
  idempotent: true,
  arguments: z.strictObject({ service: unitName }),
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({ service: z.string(), state: z.string() }),
  secretResults: [],
});
