import { limits } from '@viw/contracts';
import type { Dialect } from '../dialect';
import { commandRefusal } from './legacy-command';
import { legacyCodec } from './legacy-codec';

/** For the way there. Milliseconds. */
const SLOT_GRACE_MS = 5_000;

/**
 * Agents that were in the field before viw. They run one command at a time inside their socket loop, never report an
 * outcome and remember nothing: what was sent once is over for the hub when the verb's time is, and ends as `unknown`.
 */
export const legacyDialect = ({ silentAfterMs }: { silentAfterMs: number }): Dialect => ({
  name: legacyCodec.name,
  codec: legacyCodec,
  maxConcurrency: 1,
  silentAfterMs: Math.max(silentAfterMs, limits.legacySilentAfterMs),
  keepsJournal: false,
  slotMs: (timeoutSeconds) => timeoutSeconds * 1_000 + SLOT_GRACE_MS,
  refusal: commandRefusal,
});
