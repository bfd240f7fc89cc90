import { pino } from 'pino';
import type { Bindings, DestinationStream, Logger as PinoLogger } from 'pino';
import { isError } from './is-error';
import { prettyLines } from './pretty-lines';
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

/** pino passes the bindings of child loggers through no formatter, so they are cleaned on the way in. */
function redactBindings(logger: Logger): Logger {
  /* eslint-disable-next-line @typescript-eslint/unbound-method -- children inherit: `this` is the one that is called */
  const { child, setBindings } = logger;
  logger.child = function (this: Logger, bindings: Bindings, ...options: unknown[]) {
    return child.apply(this, [redactRecord(bindings), ...options] as Parameters<typeof child>);
  } as Logger['child'];
  logger.setBindings = function (this: Logger, bindings: Bindings) {
    setBindings.call(this, redactRecord(bindings));
  };
  return logger;
}

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
  const logger = pino(
    {
      level,
      base: { service },
      errorKey: 'error',
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (value: unknown) => value },
      hooks: {
        // Before pino sees anything: it copies texts from errors and arguments into `msg` by itself.
        logMethod(args, method) {
          const [first, ...rest] = args as unknown[];
          const record = isError(first) ? { error: first } : first;
          method.apply(this, [record, ...rest].map(redactValue) as Parameters<typeof method>);
        },
      },
    },
    pretty ? prettyLines(destination) : destination,
  );
  return redactBindings(logger);
}
