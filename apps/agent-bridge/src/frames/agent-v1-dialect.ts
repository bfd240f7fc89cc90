import { limits } from '@viw/contracts';
import type { Dialect } from './dialect';
import { jsonCodec } from './json-codec';

/** Beyond the verb's own timeout, for the way there and back. Milliseconds. */
const SLOT_GRACE_MS = 30_000;

/** Agents of subprotocol `viworks-agent-v1`. */
export const agentV1Dialect = ({ silentAfterMs }: { silentAfterMs: number }): Dialect => ({
  name: jsonCodec.name,
  codec: jsonCodec,
  maxConcurrency: limits.maxConcurrency,
  silentAfterMs,
  keepsJournal: true,
  slotMs: (timeoutSeconds) => limits.envelopeSeconds * 1_000 + timeoutSeconds * 1_000 + SLOT_GRACE_MS,
  refusal: () => undefined,
});
