import { randomUUID } from 'node:crypto';
import { findVerb } from '@viw/commands';
import type { CommandAckFrame, CommandFrame, HelperReply } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { CommandEvents } from '../events/command-events';
import type { Uplink } from '../session/uplink';
import type { CommandVerification } from './command-verification';
import type { CommandJournal } from './command-journal';
import type { Execution, HelperExecution } from './helper-execution';
import type { JournalEntry } from './journal-record';
import type { OwnSignature } from './own-signature';
import { ownOutcome, resultFrame } from './result-frame';
import type { ResultOutbox } from './result-outbox';

export interface CommandRunnerOptions {
  readonly agentId: string;
  /** Commands at work at the same time; more are answered `busy` and stay with the hub. */
  readonly maxConcurrency: number;
}

export interface CommandRunnerDeps {
  readonly gate: CommandVerification;
  readonly journal: CommandJournal;
  readonly execution: HelperExecution;
  readonly outbox: ResultOutbox;
  readonly uplink: Pick<Uplink, 'send'>;
  readonly signature: OwnSignature;
  readonly events: CommandEvents;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Takes commands in and sees each one through to its result:
 *
 * verify → known already? answer from the journal → room? → still in time, envelope fresh? → journal → COMMAND_ACK →
 * helper → journal → RESULT until acknowledged.
 */
export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #deps: CommandRunnerDeps;
  /** Correlation id → ends when its result is in the outbox. */
  readonly #running = new Map<string, Promise<void>>();
  #accepting = true;

  constructor(options: CommandRunnerOptions, deps: CommandRunnerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  async receive(frame: CommandFrame): Promise<void> {
    const { gate, journal, outbox } = this.#deps;
    let believed = false;
    try {
      const claims = await gate.verify(frame);
      believed = true;
      // Nothing below awaits until the command counts as running, so that two deliveries cannot pass side by side.
      const id = frame.correlation_id;
      if (this.#running.has(id)) return this.#acknowledge(id, 'duplicate');
      if (outbox.resendFor(id)) return this.#acknowledge(id, 'duplicate');
      const known = journal.find(id);
      if (!this.#hasRoom()) return this.#acknowledge(id, 'busy');
      if (known === undefined) gate.admit(frame, claims);
      const run = (known === undefined ? this.#carryOut(frame) : this.#repeat(frame, known)).finally(() =>
        this.#running.delete(id),
      );
      this.#running.set(id, run);
      await run;
    } catch (error) {
      await this.#refuse(frame, error, believed);
    }
  }

  /** What has begun is seen through; what has not is still with the hub, which drops it. */
  cancel(correlationId: string): void {
    const running = this.#running.has(correlationId);
    this.#deps.logger.info(
      { event: 'cancel_ignored', correlation_id: correlationId, running },
      running ? 'a command that has begun is not cancelled' : 'nothing to cancel',
    );
  }

  acknowledged(resultId: string): void {
    this.#deps.outbox.acknowledge(resultId);
  }

  resend(): void {
    this.#deps.outbox.resend();
  }

  resendOverdue(): void {
    this.#deps.outbox.resendOverdue();
  }

  get inFlight(): number {
    return this.#running.size;
  }

  /** Takes nothing more (answers `busy`) and waits for what is at work, for `timeoutMs` at most. */
  async stop(timeoutMs: number): Promise<void> {
    this.#accepting = false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([Promise.allSettled(this.#running.values()), late]);
    clearTimeout(timer);
  }

  #hasRoom(): boolean {
    return this.#accepting && this.#running.size < this.#options.maxConcurrency && !this.#deps.outbox.isFull;
  }

  #acknowledge(correlationId: string, state: CommandAckFrame['state']): void {
    this.#deps.logger.debug(
      { event: 'command_acknowledged', correlation_id: correlationId, state },
      'command answered',
    );
    this.#deps.uplink.send({ type: 'COMMAND_ACK', correlation_id: correlationId, state });
  }

  async #carryOut(frame: CommandFrame): Promise<void> {
    const { journal, events, clock, logger } = this.#deps;
    const { correlation_id, verb } = frame;
    const resultId = randomUUID();
    const at = new Date(clock.now()).toISOString();
    try {
      await journal.begin({ at, correlation_id, verb, result_id: resultId });
      events.journalWorks();
    } catch (error) {
      events.journalFailed(error);
      logger.error({ event: 'journal_failed', correlation_id, error }, 'the journal cannot be written');
      // Looking at a host whose disk is full must still be possible.
      if (findVerb(verb)?.risk !== 'read')
        throw new AppError('INTERNAL_ERROR', 'the agent cannot write its journal');
    }
    this.#acknowledge(correlation_id, 'received');
    await this.#execute(frame, resultId);
  }

  /** Asked again for a command of an earlier run, or one whose result is acknowledged: same result id, no second effect. */
  async #repeat(frame: CommandFrame, { begun, ended }: JournalEntry): Promise<void> {
    this.#acknowledge(frame.correlation_id, 'duplicate');
    // What the helper has refused it does not remember: asked again it might do what was reported as not done.
    const settled = ended?.by === 'agent' || ended?.status === 'denied';
    if (ended === undefined || !settled) return this.#execute(frame, begun.result_id, { begunBefore: true });
    const code = ended.error_code ?? 'INTERNAL_ERROR';
    const outcome = ownOutcome(ended.status, new AppError(code, 'answered from the agent’s journal'));
    await this.#finish(frame, begun.result_id, outcome, Date.parse(begun.at), Date.parse(ended.at));
  }

  async #execute(frame: CommandFrame, resultId: string, { begunBefore = false } = {}): Promise<void> {
    const { execution, clock } = this.#deps;
    const startedAt = clock.now();
    const done = await execution.run(frame, { begunBefore });
    await this.#recordEnd(frame.correlation_id, done);
    await this.#finish(frame, resultId, done.outcome, startedAt, clock.now());
  }

  async #recordEnd(correlation_id: string, { outcome, by }: Execution): Promise<void> {
    const { journal, clock, logger } = this.#deps;
    const { status, rc, error } = outcome;
    const at = new Date(clock.now()).toISOString();
    const fault = error === undefined ? {} : { error_code: error.code };
    await journal.end({ at, correlation_id, status, rc, by, ...fault }).catch((cause: unknown) => {
      // The outcome is still told; on a repeated delivery the helper is asked for it.
      logger.error(
        { event: 'journal_failed', correlation_id, error: cause },
        'the journal cannot be written',
      );
    });
  }

  async #finish(
    frame: CommandFrame,
    resultId: string,
    outcome: HelperReply,
    startedAt: number,
    finishedAt: number,
    believed = true,
  ): Promise<void> {
    const { outbox, events, logger, signature } = this.#deps;
    const { correlation_id, verb } = frame;
    events.finished(frame, outcome);
    const { status, rc, duration_ms, error } = outcome;
    logger.info(
      { event: 'command_finished', correlation_id, verb, status, rc, duration_ms, code: error?.code },
      'command finished',
    );
    outbox.add(
      resultFrame({
        resultId,
        agentId: this.#options.agentId,
        command: frame,
        outcome: await signature.on(frame, outcome),
        startedAt,
        finishedAt,
      }),
      { believed },
    );
  }

  /** Not journaled: a forged command must not take the place of the genuine one that bears the same id. */
  async #refuse(frame: CommandFrame, error: unknown, believed: boolean): Promise<void> {
    const { clock, logger, outbox } = this.#deps;
    // Refusals count as results that wait for their acknowledgement: what a hub sends must not fill the memory.
    if (outbox.isFull) return this.#acknowledge(frame.correlation_id, 'busy');
    const outcome = ownOutcome('denied', error);
    logger.warn(
      {
        event: 'command_refused',
        correlation_id: frame.correlation_id,
        verb: frame.verb,
        code: outcome.error?.code,
        error,
      },
      'command refused',
    );
    await this.#finish(frame, randomUUID(), outcome, clock.now(), clock.now(), believed);
  }
}
