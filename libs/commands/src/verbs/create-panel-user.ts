import { z } from 'zod';
import { password, username } from './argument-schemas';
import { defineVerb, scriptOutput } from './verb-definition';

/** Host: `add_user.sh <username> <password>`. */
export const createPanelUser = defineVerb({
  verb: 'create_panel_user',
  title: 'Create panel user',
  description: 'Creates a user of the gateway’s own panel. Fails when the user exists.',
  risk: 'change',
  timeout_s: 30,
  idempotent: false,
  arguments: z.strictObject({ username, password }),
  secretArguments: ['password'],
  resultFormat: 'text',
  result: scriptOutput,
  secretResults: [],
});
