import type { DestinationStream } from 'pino';

const HIDDEN = new Set(['ts', 'level', 'msg', 'service', 'event', 'error']);

function format(line: string): string {
  const record = JSON.parse(line) as Record<string, unknown> & {
    error?: { stack?: string; message?: string };
  };
  const time = String(record['ts']).slice(11, 23);
  const level = String(record['level']).toUpperCase().padEnd(5);
  const fields = Object.entries(record)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const head = [time, level, record['service'], record['event'], record['msg'], ...fields];
  const error = record.error?.stack ?? record.error?.message;
  return `${head.filter((part) => part !== undefined && part !== '').join(' ')}\n${error === undefined ? '' : `${error}\n`}`;
}

/** Turns JSON log lines into `time LEVEL service event message name=value ...` with the stack below. */
export function prettyLines(destination: DestinationStream): DestinationStream {
  return { write: (line) => destination.write(format(line)) };
}
