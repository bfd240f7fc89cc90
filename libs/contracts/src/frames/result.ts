import { z } from 'zod';
import { agentErrorCode } from '../error-codes';
import { limits } from '../limits';
import { agentId, timestamp, uuid } from '../primitives';
import { frame } from './frame-contract';

export const resultStatus = z.enum(['success', 'error', 'denied', 'timeout', 'unknown']);
export type ResultStatus = z.infer<typeof resultStatus>;

/** JSON text of the largest output: characters may take more bytes than they count. */
const output = z.string().max(limits.outputBytes);

export const resultFrame = z.object({
  type: z.literal('RESULT'),
  /** Made once by the agent; unique per gateway, so that a resent RESULT counts once. */
  result_id: uuid,
  correlation_id: uuid,
  agent_id: agentId,
  verb: z.string().max(64),
  status: resultStatus,
  rc: z.int().nullable(),
  stdout: output,
  stderr: output,
  truncated: z.boolean(),
  duration_ms: z.number().min(0),
  started_at: timestamp,
  finished_at: timestamp,
  error: z.object({ code: agentErrorCode, msg: z.string().max(2_000) }).nullish(),
  /** JWS over the digest of the result, by the key that did the work. */
  sig: z.string().max(4_096).optional(),
});
export type ResultFrame = z.infer<typeof resultFrame>;

export const result = frame('RESULT', 'agent', resultFrame, {
  type: 'RESULT',
  result_id: '01936b2e-0000-7000-8000-000000000002',
  correlation_id: '01936b2e-0000-7000-8000-000000000001',
  agent_id: 'gw-berlin-1',
  verb: 'list_users',
  status: 'success',
  rc: 0,
  stdout: '{"users":["alice"]}',
  stderr: '',
  truncated: false,
  duration_ms: 12,
  started_at: '2026-11-21T08:01:00.000Z',
  finished_at: '2026-11-21T08:01:00.012Z',
});
