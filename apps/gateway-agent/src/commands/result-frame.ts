import { agentErrorCode, limits } from '@viw/contracts';
import type { AgentError, CommandFrame, HelperReply, ResultFrame } from '@viw/contracts';
import { AppError } from '@viw/runtime';

/** Outcome of a command: the helper's reply, or what the agent itself has to say in its place. */
export type Outcome = HelperReply;

export interface ResultFacts {
  readonly resultId: string;
  readonly agentId: string;
  readonly command: Pick<CommandFrame, 'correlation_id' | 'verb'>;
  readonly outcome: Outcome;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** Leaves room for the frame's other members and for a hub that counts a little differently. */
const FRAME_ROOM_BYTES = limits.frameBytes - 8 * 1024;

const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));

/** Cut without leaving half a surrogate pair. */
const cut = (text: string, length: number): string => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');

/**
 * Shortens the outputs until they fit a frame: control characters take six bytes each in JSON, so that texts within
 * their own limit may not fit together. The helper's signature covers the outputs; it is left out when they change.
 */
function fit(outcome: Outcome): Outcome {
  let { stdout, stderr } = outcome;
  while (jsonBytes(stdout) + jsonBytes(stderr) > FRAME_ROOM_BYTES) {
    if (jsonBytes(stdout) >= jsonBytes(stderr)) stdout = cut(stdout, stdout.length >> 1);
    else stderr = cut(stderr, stderr.length >> 1);
  }
  if (stdout === outcome.stdout && stderr === outcome.stderr) return outcome;
  const { sig: _sig, ...rest } = outcome;
  return { ...rest, stdout, stderr, truncated: true };
}

export function resultFrame(facts: ResultFacts): ResultFrame {
  const { error, sig, ...outcome } = fit(facts.outcome);
  return {
    type: 'RESULT',
    result_id: facts.resultId,
    correlation_id: facts.command.correlation_id,
    agent_id: facts.agentId,
    verb: facts.command.verb,
    ...outcome,
    started_at: new Date(facts.startedAt).toISOString(),
    finished_at: new Date(facts.finishedAt).toISOString(),
    ...(error === undefined ? {} : { error }),
    ...(sig === undefined ? {} : { sig }),
  };
}

const own = (status: Outcome['status'], error: AgentError): Outcome => ({
  status,
  rc: null,
  stdout: '',
  stderr: '',
  truncated: false,
  duration_ms: 0,
  error,
});

/** The command ended without the helper: `error` says why. */
export function ownOutcome(status: Outcome['status'], error: unknown): Outcome {
  const code = error instanceof AppError ? agentErrorCode.safeParse(error.code) : undefined;
  if (error instanceof AppError && code?.success)
    return own(status, { code: code.data, msg: error.message.slice(0, 2_000) });
  return own(status, { code: 'INTERNAL_ERROR', msg: 'the agent failed; see its log' });
}
