import { toAppError } from './to-app-error';

/** Resolves when the dependency works, optionally with a remark; throws the reason when it does not. */
export type ReadinessCheck = () => Promise<void | string>;

export interface CheckOutcome {
  readonly ok: boolean;
  /** The check's remark, or why it failed: an AppError's message, else `CODE (system's code)`. */
  readonly reason?: string;
}

export interface Readiness {
  readonly status: 'ready' | 'unavailable';
  readonly checks: Readonly<Record<string, CheckOutcome>>;
}

function reasonOf(error: unknown): string {
  const { message, cause } = toAppError(error);
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? `${message} (${code})` : message;
}

async function runCheck(check: ReadinessCheck, timeoutMs: number): Promise<CheckOutcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckOutcome>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, reason: `no answer within ${timeoutMs} ms` }), timeoutMs);
  });
  // The extra async function turns a check that throws synchronously into a rejection.
  const outcome = (async () => check())().then(
    (remark): CheckOutcome => (remark === undefined ? { ok: true } : { ok: true, reason: remark }),
    (error: unknown): CheckOutcome => ({ ok: false, reason: reasonOf(error) }),
  );
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs the checks of all dependencies side by side. Callers at the same moment share one run. */
export class ReadinessProbe {
  readonly #checks: Readonly<Record<string, ReadinessCheck>>;
  readonly #timeoutMs: number;
  #running: Promise<Readiness> | undefined;

  constructor(
    { timeoutMs }: { timeoutMs: number },
    { checks }: { checks: Readonly<Record<string, ReadinessCheck>> },
  ) {
    this.#checks = checks;
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects; ends within the time limit of one check. */
  run(): Promise<Readiness> {
    return (this.#running ??= this.#runAll().finally(() => (this.#running = undefined)));
  }

  async #runAll(): Promise<Readiness> {
    const outcomes = await Promise.all(
      Object.entries(this.#checks).map(
        async ([name, check]) => [name, await runCheck(check, this.#timeoutMs)] as const,
      ),
    );
    const ready = outcomes.every(([, { ok }]) => ok);
    return { status: ready ? 'ready' : 'unavailable', checks: Object.fromEntries(outcomes) };
  }
}
