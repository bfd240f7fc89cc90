import { z } from 'zod';
import { hubId, sessionId } from '../primitives';

/** Where a frame came in: every entry that a hub writes for an agent carries these. */
export const connectionFacts = {
  hub: hubId,
  session_id: sessionId,
  /** Fencing token of the session: rises with every connection of the agent, whichever hub it is on. */
  epoch: z.int().min(0),
};
