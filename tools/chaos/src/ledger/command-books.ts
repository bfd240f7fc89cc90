import type { CommandStatus, ResultStatus } from '@viw/contracts';

/** A command that the load has asked for, under one idempotency key however often it had to ask. */
export interface AskedCommand {
  readonly agent_id: string;
  readonly verb: string;
  /** Unique; comes back in the command's row and, for a verb with effect, in what its script leaves on the host. */
  readonly mark: string;
  readonly hasEffect: boolean;
  /** The correlation id of the 202. None: the client never saw an answer, or was refused. */
  accepted?: string;
  /** The code of the refusal. */
  refused?: string;
}

export interface CommandRow {
  readonly correlation_id: string;
  readonly agent_id: string;
  readonly verb: string;
  readonly mark: string;
  readonly status: CommandStatus;
}

export interface ResultRow {
  readonly correlation_id: string;
  readonly agent_id: string;
  readonly result_id: string;
  readonly status: ResultStatus;
  readonly late: boolean;
}

/** One line that a script has left on a host, which is one execution. */
export interface Effect {
  /** Whose host. */
  readonly agent_id: string;
  readonly verb: string;
  readonly mark: string;
}

/** What is found afterwards. */
export interface CommandEvidence {
  readonly commands: readonly CommandRow[];
  readonly results: readonly ResultRow[];
  readonly effects: readonly Effect[];
  /** The first end in which a command was seen while all was going on: correlation id → state. */
  readonly firstEnds: ReadonlyMap<string, CommandStatus>;
}
