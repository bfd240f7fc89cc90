import { agentErrorCode } from '@viw/contracts';
import type { AgentError } from '@viw/contracts';
import { toAppError } from '@viw/runtime';

/** Any failure as the error of a reply. The message is one of ours: foreign errors keep their text to themselves. */
export function toAgentError(error: unknown): AgentError {
  const { code, message } = toAppError(error);
  const known = agentErrorCode.safeParse(code === 'PAYLOAD_TOO_LARGE' ? 'SCHEMA_MISMATCH' : code);
  return { code: known.success ? known.data : 'INTERNAL_ERROR', msg: message.slice(0, 2_000) };
}
