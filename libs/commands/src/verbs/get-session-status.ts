import { z } from 'zod';
import { username } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: OpenVPN's status. */
export const getSessionStatus = defineVerb({
  verb: 'get_session_status',
  title: 'Session status',
  description: 'Open VPN sessions of one user.',
  risk: 'read',
  timeout_s: 15,
  idempotent: true,
  arguments: z.strictObject({ username }),
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({
    sessions: z.array(z.object({ session_id: z.string(), source_ip: z.string(), connected_at: z.string() })),
  }),
  secretResults: [],
});
