import { agentFrame } from '@viw/contracts';
import { bad, parseObject, schemaFault, telemetryTooLarge } from '../decoding';
import type { FrameCodec } from '../codec';
import { legacyCommand } from './legacy-command';
import { translations } from './legacy-inbound';

/** Frames that mean something to such an agent, or at least to whoever reads its log: it warns of all but COMMAND. */
const spoken: ReadonlySet<string> = new Set(['COMMAND', 'WELCOME', 'ERROR']);

/**
 * The deployed agent's dialect: `{type, payload, timestamp, correlation_id}` towards the hub, `{type, payload}` with the
 * payload as JSON text towards the agent. Inside the hub both become the frames of `viworks-agent-v1`.
 */
export const legacyCodec: FrameCodec = {
  name: 'legacy',

  decode(text) {
    const value = parseObject(text);
    if (!value) return bad('malformed', 'SCHEMA_MISMATCH', 'a frame is one JSON object');
    const { type, payload } = value as { type?: unknown; payload?: unknown };
    const translate = typeof type === 'string' ? translations.get(type) : undefined;
    if (!translate) return bad('unknown_type', 'SCHEMA_MISMATCH', 'this type of frame is not known');
    const translated = translate(payload);
    if (!translated.success) return schemaFault('payload', translated.error);
    const tooLarge = translated.data.type === 'TELEMETRY' ? telemetryTooLarge(text) : undefined;
    if (tooLarge) return tooLarge;
    const parsed = agentFrame.safeParse(translated.data);
    return parsed.success
      ? { ok: true, frame: parsed.data }
      : schemaFault(translated.data.type, parsed.error);
  },

  encode(frame) {
    if (!spoken.has(frame.type)) return undefined;
    const { type, ...rest } = frame;
    const payload = frame.type === 'COMMAND' ? legacyCommand(frame) : rest;
    return payload && JSON.stringify({ type, payload: JSON.stringify(payload) });
  },
};
