import { z } from 'zod';
import { noArguments } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: `systemctl restart` of the agent's unit. */
export const restartAgent = defineVerb({
  verb: 'restart_agent',
  title: 'Restart agent',
  description: 'Restarts the gateway’s agent. Its connection drops for a moment; the VPN is not touched.',
  risk: 'disruptive',
  timeout_s: 30,
  // Repeated after the restart it caused, it would never end.
  idempotent: false,
  arguments: noArguments,
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({ restarting: z.boolean() }),
  secretResults: [],
});
