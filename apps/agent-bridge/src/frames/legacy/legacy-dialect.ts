import { limits } from '@viw/contracts';
import type { Dialect } from '../dialect';
import { commandRefusal } from './legacy-command';
import { legacyCodec } from './legacy-codec';

/** For the way there. Milliseconds. */
const SLOT_GRACE_MS = 5_000;

export interface LegacyDialectOptions {
  readonly silentAfterMs: number;
  /**
   * The agent does not keep to a verb's own time: it may be in its loop for so long, and reads what was sent meanwhile only
   * then, when it may be too old to be believed. Milliseconds.
   */
  readonly loopMs: number;
}

/**
 * Agents that were in the field before viw. They run one command at a time inside their socket loop, never report an
 * outcome and remember nothing: what was sent once is over for the hub when the time it may take is, and ends as `unknown`.
 */
export const legacyDialect = ({ silentAfterMs, loopMs }: LegacyDialectOptions): Dialect => ({
  name: legacyCodec.name,
  codec: legacyCodec,
  maxConcurrency: 1,
  silentAfterMs: Math.max(silentAfterMs, limits.legacySilentAfterMs),
  keepsJournal: false,
  slotMs: (timeoutSeconds) => Math.max(timeoutSeconds * 1_000, loopMs) + SLOT_GRACE_MS,
  refusal: commandRefusal,
});
