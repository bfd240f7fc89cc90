import { z } from 'zod';
import { sessionIdentifier } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: OpenVPN's management interface and the session's container. */
export const terminateSession = defineVerb({
  verb: 'terminate_session',
  title: 'End session',
  description: 'Disconnects one VPN session.',
  risk: 'disruptive',
  timeout_s: 30,
  idempotent: true,
  arguments: z.strictObject({ session_id: sessionIdentifier }),
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({ session_id: z.string(), ended: z.boolean() }),
  secretResults: [],
});
