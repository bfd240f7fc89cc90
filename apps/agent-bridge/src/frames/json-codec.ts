import { agentFrame, limits } from '@viw/contracts';
import type { AgentErrorCode } from '@viw/contracts';
import type { BadFrameReason, Decoded, FrameCodec } from './codec';

const known: ReadonlySet<string> = new Set(agentFrame.options.map((option) => option.shape.type.value));

const bad = (reason: BadFrameReason, code: AgentErrorCode, msg: string): Decoded => ({
  ok: false,
  reason,
  code,
  msg,
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes its input.
    return undefined;
  }
}

/** Subprotocol `viworks-agent-v1`: one JSON object per text frame, its kind in `type`. */
export const jsonCodec: FrameCodec = {
  name: 'viworks-agent-v1',

  decode(text) {
    const value = parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return bad('malformed', 'SCHEMA_MISMATCH', 'a frame is one JSON object');
    const { type } = value as { type?: unknown };
    if (typeof type !== 'string' || !known.has(type))
      return bad('unknown_type', 'SCHEMA_MISMATCH', 'this type of frame is not known');
    if (type === 'TELEMETRY' && Buffer.byteLength(text) > limits.telemetryBytes)
      return bad(
        'telemetry_too_large',
        'VALIDATION_FAILED',
        `TELEMETRY: larger than ${limits.telemetryBytes} bytes`,
      );
    const parsed = agentFrame.safeParse(value);
    if (parsed.success) return { ok: true, frame: parsed.data };
    const [issue] = parsed.error.issues;
    const path = (issue?.path ?? []).map(String).join('.').slice(0, 100);
    return bad(
      'schema',
      'SCHEMA_MISMATCH',
      `${type}: ${path || 'the frame'} is missing or not as it must be`,
    );
  },

  encode: (frame) => JSON.stringify(frame),
};
