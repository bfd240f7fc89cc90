import { z } from 'zod';
import { logCursor, unitName } from './argument-schemas';
import { defineVerb } from './verb-definition';

/** Host: `journalctl -o json` from the cursor on, or the unit's log file. The host has a list of units it shows. */
export const tailLogs = defineVerb({
  verb: 'tail_logs',
  title: 'Read logs',
  description: 'Newest lines of one unit’s log, or those after a cursor.',
  risk: 'read',
  timeout_s: 20,
  idempotent: true,
  arguments: z.strictObject({
    unit: unitName,
    lines: z.int().min(1).max(1_000).default(200),
    since_cursor: logCursor.describe('next_cursor of an earlier answer').optional(),
  }),
  secretArguments: [],
  resultFormat: 'json',
  /** `next_cursor` is null when the log is empty. */
  result: z.object({ lines: z.array(z.string()), next_cursor: z.string().nullable() }),
  secretResults: [],
});
