import type { VerbArguments } from '@viw/commands';
import { AppError, redactText } from '@viw/runtime';
import type { LogSource } from '../logs/log-source';
import type { Executor } from './executor';
import { jsonOutcome } from './executor';

export interface TailLogsOptions {
  /** What may be shown. */
  readonly units: readonly string[];
}

/** `source` is undefined on a host with neither journald nor a folder of log files. */
export const tailLogs = ({ units }: TailLogsOptions, source: LogSource | undefined): Executor => ({
  available: () => Promise.resolve(source !== undefined && units.length > 0),
  run: async (args) => {
    const { unit, lines, since_cursor } = args as VerbArguments<'tail_logs'>;
    if (source === undefined) throw new AppError('NOT_IMPLEMENTED', 'this host has no logs to read');
    if (!units.includes(unit)) throw new AppError('PERMISSION_DENIED', 'the unit is not on this host’s list');
    const page = await source.read({ unit, lines, sinceCursor: since_cursor });
    // Line by line: across the whole JSON a pattern could remove its syntax.
    return jsonOutcome({ lines: page.lines.map(redactText), next_cursor: page.nextCursor }, page.truncated);
  },
});
