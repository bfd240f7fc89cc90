import { requireVerb } from '@viw/commands';
import { limits } from '@viw/contracts';
import type { HelperReply } from '@viw/contracts';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { AuditCounts } from '../audit/audit-counts';
import { toAgentError } from '../agent-error';
import type { Authorised } from '../checks/command-verification';
import { availableVerbs } from '../verbs';
import type { Executors } from '../verbs';
import { jsonOutcome } from '../verbs/executor';
import type { ActionOutcome } from '../verbs/executor';
import type { HostKeys } from '../keys/host-keys';
import type { Journal, JournalEntry } from '../journal/journal';
import { safeOutput } from './safe-output';
import { sealOutcome } from './sealed-outcome';
import type { Slots } from './slots';

export type UnsignedReply = Omit<HelperReply, 'sig'>;

export interface AtMostOnceOptions {
  /** The gateway this host is: sealed results name it. */
  readonly agentId: string;
  /** Upper bound on every verb's own timeout. */
  readonly timeoutMaxMs: number;
}

export interface AtMostOnceDeps {
  readonly executors: Executors;
  /** Told to the agent for its enrolment. */
  readonly publicKeys: HostKeys['publicKeys'];
  readonly counts: Pick<AuditCounts, 'summary'>;
  readonly journal: Pick<Journal, 'find' | 'write'>;
  readonly slots: Slots;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface Carried {
  readonly reply: UnsignedReply;
  /** Answered from the journal or by joining an action under way: nothing was done for this request. */
  readonly duplicate: boolean;
}

/**
 * Carries out authorised requests, each correlation id at most once: what was begun is on disk before it begins, and
 * how it ended before anybody is told.
 */
export class AtMostOnce {
  readonly #options: AtMostOnceOptions;
  readonly #deps: AtMostOnceDeps;
  readonly #clock: Clock;
  readonly #underWay = new Map<string, { readonly verb: string; readonly action: Promise<Carried> }>();

  constructor(options: AtMostOnceOptions, deps: AtMostOnceDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#clock = deps.clock ?? systemClock;
  }

  /** @throws AppError for a request that was refused before anything was done */
  async carryOut(request: Authorised): Promise<Carried> {
    if (request.local) return { reply: await this.#perform(request), duplicate: false };
    const running = this.#underWay.get(request.correlationId);
    if (running !== undefined) {
      assertSameVerb(running, request);
      return { ...(await running.action), duplicate: true };
    }
    const action = this.#journaled(request).finally(() => this.#underWay.delete(request.correlationId));
    this.#underWay.set(request.correlationId, { verb: request.verb, action });
    return action;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.allSettled([...this.#underWay.values()].map(({ action }) => action));
    }
  }

  async #journaled(request: Authorised): Promise<Carried> {
    const known = await this.#deps.journal.find(request.correlationId, request.verb);
    if (known) assertSameVerb(known, request);
    if (known?.state === 'done') return { reply: known.reply, duplicate: true };
    if (known) return this.#afterLoss(known, request);
    return { reply: await this.#deps.slots.use(() => this.#once(request)), duplicate: false };
  }

  /** Begun by an earlier run of ours and not ended: it may have taken effect, so it must not be called refused any more. */
  async #afterLoss(begun: JournalEntry, request: Authorised): Promise<Carried> {
    if (requireVerb(request.verb).idempotent) {
      try {
        return { reply: await this.#deps.slots.use(() => this.#once(request)), duplicate: false };
      } catch (error) {
        const { verb, correlationId: correlation_id } = request;
        this.#deps.logger.warn(
          { event: 'not_repeated', verb, correlation_id, error },
          'command not repeated',
        );
      }
    }
    return { reply: await this.#lost(begun), duplicate: true };
  }

  /** Whether it took effect, nobody can say. */
  async #lost(started: JournalEntry): Promise<UnsignedReply> {
    const reply: UnsignedReply = {
      status: 'unknown',
      rc: null,
      stdout: '',
      stderr: '',
      truncated: false,
      duration_ms: 0,
      error: {
        code: 'INTERNAL_ERROR',
        msg: 'the helper ended while the command ran; its outcome is not known',
      },
    };
    await this.#deps.journal.write({ ...started, state: 'done', reply });
    return reply;
  }

  async #once(request: Authorised): Promise<UnsignedReply> {
    const executor = this.#executorOf(request.verb);
    const seal = this.#resultSeal(request);
    const { args, secrets } = await request.open();
    const now = this.#clock.now();
    await request.assertMayStart(now);
    const started = {
      correlation_id: request.correlationId,
      verb: request.verb,
      started_at: new Date(now).toISOString(),
    };
    await this.#deps.journal.write({ state: 'started', ...started });
    const reply = await this.#measure(request, secrets, async () =>
      seal(await executor.run(args, this.#context(request.verb))),
    );
    await this.#deps.journal.write({ state: 'done', ...started, reply }).catch((error: unknown) => {
      // It has been done and must not be called refused. Should the answer get lost as well, the command is `unknown`.
      const { verb, correlation_id } = started;
      this.#deps.logger.error(
        { event: 'journal_failed', verb, correlation_id, error },
        'outcome not journaled',
      );
    });
    return reply;
  }

  async #perform(request: Authorised): Promise<UnsignedReply> {
    if (request.verb === 'describe') {
      return this.#measure(request, [], async () =>
        jsonOutcome({
          verbs: await availableVerbs(this.#deps.executors),
          public_keys: this.#deps.publicKeys,
        }),
      );
    }
    if (request.verb === 'audit_summary') {
      return this.#measure(request, [], async () => jsonOutcome(this.#deps.counts.summary()));
    }
    const executor = this.#executorOf(request.verb);
    const { args } = await request.open();
    return this.#deps.slots.use(() =>
      this.#measure(request, [], () => executor.run(args, this.#context(request.verb))),
    );
  }

  /**
   * Seals the secret members of a successful result to the backend, before anything of it is kept or told.
   * @throws AppError PERMISSION_DENIED when there is nobody to seal to: then nothing is done that would make a secret
   */
  #resultSeal({
    verb,
    correlationId,
    resultKey,
  }: Authorised): (outcome: ActionOutcome) => Promise<ActionOutcome> {
    if (requireVerb(verb).secretResults.length === 0) return async (outcome) => outcome;
    if (resultKey === undefined)
      throw new AppError('PERMISSION_DENIED', 'this host knows no key of the backend to seal the result to');
    const context = { correlationId, agentId: this.#options.agentId };
    return (outcome) => sealOutcome(verb, outcome, resultKey, context);
  }

  #executorOf(verb: string) {
    requireVerb(verb);
    const executor = this.#deps.executors[verb as keyof Executors];
    if (executor === undefined) throw new AppError('NOT_IMPLEMENTED', 'this host cannot do that');
    return executor;
  }

  #context(verb: string) {
    const limit = Math.min(requireVerb(verb).timeout_s * 1_000, this.#options.timeoutMaxMs);
    return { deadline: Date.now() + limit };
  }

  /** From here on a failure is an outcome, not a refusal. */
  async #measure(
    request: Authorised,
    secrets: readonly string[],
    act: () => Promise<ActionOutcome>,
  ): Promise<UnsignedReply> {
    const began = performance.now();
    let outcome: ActionOutcome;
    try {
      outcome = await act();
    } catch (error) {
      if (!(error instanceof AppError)) {
        const { verb, correlationId: correlation_id } = request;
        this.#deps.logger.error({ event: 'action_failed', verb, correlation_id, error }, 'action failed');
      }
      outcome = failed(error);
    }
    const stderr = safeOutput(outcome.stderr, secrets, outcome.stderrCut);
    if (Buffer.byteLength(outcome.stdout) > limits.outputBytes && stdoutIsJson(request.verb))
      outcome = failed(new AppError('INTERNAL_ERROR', 'the result is longer than can be told'));
    const isJson = outcome.status === 'success' && stdoutIsJson(request.verb);
    const stdout = isJson
      ? { text: outcome.stdout, truncated: outcome.stdoutCut }
      : safeOutput(outcome.stdout, secrets, outcome.stdoutCut);
    return {
      status: outcome.status,
      rc: outcome.rc,
      stdout: stdout.text,
      stderr: stderr.text,
      truncated: stdout.truncated || stderr.truncated,
      duration_ms: Math.round(performance.now() - began),
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
    };
  }
}

const failed = (error: unknown): ActionOutcome => ({
  status: 'error',
  rc: null,
  stdout: '',
  stderr: '',
  stdoutCut: false,
  stderrCut: false,
  error: toAgentError(error),
});

function assertSameVerb(known: { readonly verb: string }, request: Authorised): void {
  if (known.verb !== request.verb) {
    throw new AppError('REPLAY_DETECTED', 'the correlation id belongs to another command');
  }
}

/** Executors of `json` verbs bound and redact their result themselves: cut or patched in the middle it would be none. */
const stdoutIsJson = (verb: string): boolean =>
  verb === 'describe' || verb === 'audit_summary' || requireVerb(verb).resultFormat === 'json';
