import { agentFrame } from '@viw/contracts';
import type { FrameCodec } from './codec';
import { bad, parseObject, schemaFault, telemetryTooLarge } from './decoding';

const known: ReadonlySet<string> = new Set(agentFrame.options.map((option) => option.shape.type.value));

/** Subprotocol `viworks-agent-v1`: one JSON object per text frame, its kind in `type`. */
export const jsonCodec: FrameCodec = {
  name: 'viworks-agent-v1',

  decode(text) {
    const value = parseObject(text);
    if (!value) return bad('malformed', 'SCHEMA_MISMATCH', 'a frame is one JSON object');
    const { type } = value as { type?: unknown };
    if (typeof type !== 'string' || !known.has(type))
      return bad('unknown_type', 'SCHEMA_MISMATCH', 'this type of frame is not known');
    const tooLarge = type === 'TELEMETRY' ? telemetryTooLarge(text) : undefined;
    if (tooLarge) return tooLarge;
    const parsed = agentFrame.safeParse(value);
    return parsed.success ? { ok: true, frame: parsed.data } : schemaFault(type, parsed.error);
  },

  encode: (frame) => JSON.stringify(frame),
};
