import { z } from 'zod';
import { noArguments } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: `list_users.sh`, one name a line. Names that were made outside of viw may break our own pattern. */
export const listUsers = defineVerb({
  verb: 'list_users',
  title: 'List users',
  description: 'Names of the users on the gateway.',
  risk: 'read',
  timeout_s: 15,
  idempotent: true,
  arguments: noArguments,
  secretArguments: [],
  resultFormat: 'json',
  result: z.object({ users: z.array(z.string()) }),
  secretResults: [],
});
