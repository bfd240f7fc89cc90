import { z } from 'zod';
import { limits } from '../limits';
import { streams } from '../names';
import { streamContract } from './stream-contract';

/** Something that people look at changed in Postgres. */
export const change = z.object({
  kind: z.enum([
    'gateway',
    'command',
    'certificate',
    'operation',
    'server',
    'alert',
    'approval',
    'verb_policy',
  ]),
  /** Agent id, correlation id, verb, or the row's UUID. */
  id: z.string().max(128),
  /** The gateway a command belongs to, the certificate an operation belongs to. */
  parent_id: z.string().max(128).optional(),
});
export type Change = z.infer<typeof change>;

/** What one commit has changed, or a part of it. Losing an entry costs freshness only. */
export const changesBody = z.object({ changes: z.array(change).min(1).max(limits.changesPerEntry) });
export type ChangesBody = z.infer<typeof changesBody>;

export const changesStream = streamContract(streams.changes, 2, changesBody, [
  { changes: [{ kind: 'gateway', id: 'gw-berlin-1' }] },
  {
    changes: [
      { kind: 'command', id: '01936b2e-0000-7000-8000-000000000001', parent_id: 'gw-berlin-1' },
      { kind: 'command', id: '01936b2e-0000-7000-8000-000000000002', parent_id: 'gw-berlin-2' },
    ],
  },
]);
