import { z } from 'zod';
import { imageReference, sessionIdentifier, username } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: the container engine. */
export const spawnContainer = defineVerb({
  verb: 'spawn_container',
  title: 'Start session container',
  description: 'Starts the container of one user session.',
  risk: 'change',
  timeout_s: 120,
  idempotent: false,
  arguments: z.strictObject({
    username,
    session_id: sessionIdentifier,
    image: imageReference.optional(),
    cpu: z.number().min(0.5).max(4).describe('CPU cores').optional(),
    mem_mb: z.int().min(256).max(8_192).describe('Memory in MiB').optional(),
    egress_profile: z.enum(['default', 'strict']).optional(),
  }),
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({ container_id: z.string() }),
  secretResults: [],
});
