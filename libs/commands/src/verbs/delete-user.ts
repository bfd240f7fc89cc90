import { z } from 'zod';
import { username } from './argument-schemas';
import { defineVerb, scriptOutput } from './verb-definition';

/** Host: `delete_user.sh <username>`, then `delete_vpn_user.sh <username>` where the host has it. */
export const deleteUser = defineVerb({
  verb: 'delete_user',
  title: 'Delete user',
  description: 'Removes a user from the gateway’s panel and from OpenVPN. Fails when neither knows the user.',
  risk: 'disruptive',
  timeout_s: 60,
  // A name may have been given anew between two runs.
  idempotent: false,
  arguments: z.strictObject({ username }),
  secretArguments: [],
  resultFormat: 'text',
  result: scriptOutput,
  secretResults: [],
});
