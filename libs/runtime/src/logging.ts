import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { prettyLines } from './pretty-lines';
import { redactText } from './redact-text';
import { redactValue } from './redact-value';

export type Logger = PinoLogger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly service: string;
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Lines for people instead of JSON. Default false. */
  readonly pretty?: boolean;
}

const redactRecord = (record: object): Record<string, unknown> =>
  redactValue(record) as Record<string, unknown>;

/**
 * One JSON line per event: `ts` (ISO 8601 UTC), `level` (word), `service`, the caller's fields, `msg`. Writing is
 * synchronous, so the last line before an exit is not lost. Errors go under `error`. Secrets are removed by name
 * at every depth, and by pattern from every text.
 *
 * @example logger.warn({ event: 'handshake_refused', ip, reason: 'BAD_SIGNATURE' }, 'agent refused');
 */
export function createLogger(
  { service, level = 'info', pretty = false }: LoggerOptions,
  { destination = pino.destination({ fd: 1, sync: true }) }: { destination?: DestinationStream } = {},
): Logger {
  return pino(
    {
      level,
      base: { service },
      errorKey: 'error',
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), bindings: redactRecord, log: redactRecord },
      serializers: { error: (value: unknown) => value },
      hooks: {
        logMethod(args, method) {
          const [first, ...rest] = args as unknown[];
          // Given only an error, pino would copy its message into `msg` unredacted.
          if (first instanceof Error && rest.length === 0) {
            const error = redactValue(first);
            method.call(this, { error }, (error as { message: string }).message);
            return;
          }
          const safe = args.map((arg: unknown) => (typeof arg === 'string' ? redactText(arg) : arg));
          method.apply(this, safe as Parameters<typeof method>);
        },
      },
    },
    pretty ? prettyLines(destination) : destination,
  );
}
