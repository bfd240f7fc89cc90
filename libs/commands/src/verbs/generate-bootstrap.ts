import { z } from 'zod';
import { bootstrapToken, sessionIdentifier, username } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: makes and stores the token (hashed). */
export const generateBootstrap = defineVerb({
  verb: 'generate_bootstrap',
  title: 'Make bootstrap token',
  description: 'Makes a short-lived token with which a client fetches the configuration of one session.',
  risk: 'change',
  timeout_s: 30,
  idempotent: false,
  arguments: z.strictObject({
    username,
    session_id: sessionIdentifier,
    ttl_seconds: z.int().min(1).max(31_536_000),
  }),
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({ bootstrap_token: bootstrapToken }),
  secretResults: ['bootstrap_token'],
});
