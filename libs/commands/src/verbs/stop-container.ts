import { z } from 'zod';
import { containerId } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: the container engine. */
export const stopContainer = defineVerb({
  verb: 'stop_container',
  title: 'Stop container',
  description: 'Stops a session container; its user is disconnected.',
  risk: 'disruptive',
  timeout_s: 60,
  idempotent: true,
  arguments: z.strictObject({ container_id: containerId }),
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({ container_id: z.string() }),
  secretResults: [],
});
