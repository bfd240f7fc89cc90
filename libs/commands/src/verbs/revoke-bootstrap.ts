import { z } from 'zod';
import { bootstrapToken } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: forgets the token. */
export const revokeBootstrap = defineVerb({
  verb: 'revoke_bootstrap',
  title: 'Revoke bootstrap token',
  description: 'Makes a bootstrap token useless.',
  risk: 'change',
  timeout_s: 30,
  idempotent: true,
  arguments: z.strictObject({ bootstrap_token: bootstrapToken }),
  secretArguments: ['bootstrap_token'],
  resultFormat: 'json',
  result: z.object({ revoked: z.boolean() }),
  secretResults: [],
});
