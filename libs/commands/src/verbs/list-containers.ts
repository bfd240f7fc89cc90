import { z } from 'zod';
import { noArguments } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: the container engine. */
export const listContainers = defineVerb({
  verb: 'list_containers',
  title: 'List containers',
  description: 'Session containers on the gateway, running or not.',
  risk: 'read',
  timeout_s: 30,
  idempotent: true,
  arguments: noArguments,
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({
    containers: z.array(z.object({ id: z.string(), name: z.string(), image: z.string(), state: z.string() })),
  }),
  secretResults: [],
});
