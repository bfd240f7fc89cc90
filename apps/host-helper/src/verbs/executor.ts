import type { AgentError } from '@viw/contracts';

/** What came of an action, before redaction. */
export interface ActionOutcome {
  readonly status: 'success' | 'error' | 'timeout';
  /** Null when no program was run to its end. */
  readonly rc: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Not all of it is here. */
  readonly stdoutCut: boolean;
  readonly stderrCut: boolean;
  readonly error?: AgentError;
}

export interface ActionContext {
  /** Milliseconds since the epoch; whatever is still running then is ended. */
  readonly deadline: number;
}

/** One verb on this host. */
export interface Executor {
  /** Whether this host can do it now: then it is advertised. */
  available(): Promise<boolean>;
  /**
   * @param args in clear, validated by the verb's schema
   * @throws AppError for what goes wrong before a program has run
   */
  run(args: unknown, context: ActionContext): Promise<ActionOutcome>;
}

/** A successful outcome whose stdout is the verb's `json` result. */
export const jsonOutcome = (result: unknown, stdoutCut = false): ActionOutcome => ({
  status: 'success',
  rc: 0,
  stdout: JSON.stringify(result),
  stderr: '',
  stdoutCut,
  stderrCut: false,
});
