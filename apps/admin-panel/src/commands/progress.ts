import { isTerminal, type CommandRecord, type CommandStatus } from '@viw/contracts';
import { instant } from '../format/times';

export interface Milestone {
  readonly name: string;
  /** Milliseconds since 1970; undefined: not reached, or reached at a time that nobody recorded. */
  readonly at: number | undefined;
  readonly state: 'done' | 'current' | 'todo' | 'failed' | 'skipped';
}

const path: readonly CommandStatus[] = ['accepted', 'queued', 'dispatched', 'acknowledged'];

/**
 * The way of a command: accepted → queued → dispatched → acknowledged → its end. Steps that an ended command never
 * recorded a time for count as skipped, so that "expired" does not look as if it had been delivered.
 */
export const milestones = (command: CommandRecord): Milestone[] => {
  const at: Partial<Record<CommandStatus, number | undefined>> = {
    accepted: instant(command.accepted_at),
    dispatched: instant(command.dispatched_at),
    acknowledged: instant(command.acknowledged_at),
  };
  const ended = isTerminal(command.status);
  const delivered = at.dispatched !== undefined || at.acknowledged !== undefined;
  const reached = path.indexOf(command.status);
  const steps = path.map((name, index): Milestone => {
    if (!ended)
      return { name, at: at[name], state: index < reached ? 'done' : index === reached ? 'current' : 'todo' };
    const done = name === 'queued' ? delivered : at[name] !== undefined;
    return { name, at: at[name], state: done ? 'done' : 'skipped' };
  });
  const end: Milestone = ended
    ? {
        name: command.status,
        at: instant(command.finished_at),
        state: command.status === 'succeeded' ? 'done' : 'failed',
      }
    : { name: 'finished', at: undefined, state: 'todo' };
  return [...steps, end];
};
