import { randomUUID } from 'node:crypto';
import { limits } from '@viw/contracts';
import type { CommandFrame, RunCommandBody } from '@viw/contracts';

/** A COMMAND frame of this moment: its envelope lives as long as an envelope may, and never longer than the command. */
export function commandFrame(
  { correlation_id, agent_id, verb, jws, expires_at }: RunCommandBody,
  now: number,
): CommandFrame {
  const until = Math.min(now + limits.envelopeSeconds * 1_000, Date.parse(expires_at));
  return {
    type: 'COMMAND',
    correlation_id,
    agent_id,
    verb,
    issued_at: new Date(now).toISOString(),
    expires_at: new Date(until).toISOString(),
    nonce: randomUUID(),
    jws,
  };
}
