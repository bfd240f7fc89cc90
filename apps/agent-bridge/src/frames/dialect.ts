import type { RunCommandBody } from '@viw/contracts';
import type { FrameCodec } from './codec';

/** Everything in which agents differ by the dialect they speak. Nothing else of the hub asks which one it is. */
export interface Dialect {
  readonly name: string;
  readonly codec: FrameCodec;
  /** Commands in flight at most; the agent's HELLO may ask for fewer. */
  readonly maxConcurrency: number;
  /** Without a frame, ping or pong for so long the socket is dropped, milliseconds. */
  readonly silentAfterMs: number;
  /** A repeated command is answered and not carried out again. Without it, no command is ever sent twice. */
  readonly keepsJournal: boolean;
  /** How long a command without RESULT holds its place, milliseconds. @param timeoutSeconds of the verb */
  slotMs(timeoutSeconds: number): number;
  /** Why the command cannot be given to such an agent, for people; undefined when it can. */
  refusal(command: RunCommandBody): string | undefined;
}
