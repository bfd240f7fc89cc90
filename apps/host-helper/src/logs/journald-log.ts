import { AppError } from '@viw/runtime';
import { z } from 'zod';
import type { ExecOptions, ExecResult } from '../execution/run-program';
import { fitPage } from './log-source';
import type { LogPage, LogQuery, LogSource } from './log-source';

/** As systemd makes them: `s=…;i=…;b=…;m=…;t=…;x=…`. */
const CURSOR = /^[a-z]=[0-9a-f]+(;[a-z]=[0-9a-f]+)+$/;

const OUTPUT_BYTES = 8 * 1_024 * 1_024;

/** The fields of systemd.journal-fields(7) that are used. MESSAGE is a list of bytes when it is not UTF-8. */
const journalRecord = z.object({
  __CURSOR: z.string(),
  __REALTIME_TIMESTAMP: z.string().regex(/^\d+$/),
  MESSAGE: z.union([z.string(), z.array(z.int().min(0).max(255))]).nullish(),
  SYSLOG_IDENTIFIER: z.string().nullish(),
  _PID: z.string().nullish(),
});

interface Entry {
  readonly line: string;
  readonly cursor: string;
}

/** Output of `journalctl -o json`: one object a line; a last line may be cut off. */
export function parseJournal(text: string): Entry[] {
  return text.split('\n').flatMap((line) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return [];
    }
    const record = journalRecord.safeParse(value);
    if (!record.success) return [];
    const { MESSAGE: message, SYSLOG_IDENTIFIER: program, _PID: pid } = record.data;
    const text = Array.isArray(message) ? Buffer.from(message).toString('utf8') : (message ?? '');
    const time = new Date(Number(record.data.__REALTIME_TIMESTAMP) / 1_000).toISOString();
    const origin = program ? `${program}${pid ? `[${pid}]` : ''}: ` : '';
    return [{ line: `${time} ${origin}${text}`, cursor: record.data.__CURSOR }];
  });
}

/** The systemd journal, by journalctl(1). */
export class JournaldLog implements LogSource {
  constructor(
    private readonly deps: { readonly exec: (options: Omit<ExecOptions, 'cwd'>) => Promise<ExecResult> },
  ) {}

  async read({ unit, lines, sinceCursor }: LogQuery): Promise<LogPage> {
    if (sinceCursor !== undefined && !CURSOR.test(sinceCursor)) {
      throw new AppError('VALIDATION_FAILED', 'since_cursor is not a cursor of this log');
    }
    const follows = sinceCursor !== undefined;
    const result = await this.deps.exec({
      file: 'journalctl',
      argv: [
        `--unit=${unit}`,
        '--output=json',
        '--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_PID',
        '--no-pager',
        '--quiet',
        follows ? `--after-cursor=${sinceCursor}` : `--lines=${lines}`,
      ],
      timeoutMs: 15_000,
      outputBytes: OUTPUT_BYTES,
    });
    if (result.timedOut) throw new AppError('EXEC_TIMEOUT', 'journalctl took too long');
    if (result.rc !== 0) throw new AppError('INTERNAL_ERROR', `journalctl ended with status ${result.rc}`);
    const { entries, truncated } = fitPage(parseJournal(result.stdout), lines, follows ? 'start' : 'end');
    return {
      lines: entries.map(({ line }) => line),
      nextCursor: entries.at(-1)?.cursor ?? sinceCursor ?? null,
      truncated: truncated || result.stdoutCut,
    };
  }
}
