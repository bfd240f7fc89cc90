import type { SentLoad, SimulatorProcess } from '@viw/simulator';
import { agentIdOf } from '@viw/simulator';
import { eventually } from '@viw/testing';
import { processUsage } from '../programs/process-usage';
import type { Step } from './saturation';
import type { StreamLedger } from '../telemetry/stream-ledger';

/** What a leg came to, and what it cost the hub's process from its first frame to its last. */
export interface Leg extends Step {
  readonly cpuUsPerFrame: number;
}

export interface ContenderOptions {
  readonly target: string;
  /** Of the hub's process. */
  readonly pid: number;
  readonly prefix: string;
  /** How long one leg lasts, milliseconds. */
  readonly legMs: number;
}

export interface ContenderDeps {
  readonly senders: SimulatorProcess<'senders'>;
  readonly ledger: StreamLedger;
}

/** The beginning of a leg does not count: the pipes are empty. */
const WARM_UP = 0.2;
const DRAIN_LIMIT_MS = 20_000;

/** A hub, real or bare, with its senders and the books of its stream. */
export class Contender {
  readonly #options: ContenderOptions;
  readonly #deps: ContenderDeps;
  #sent = 0;

  constructor(options: ContenderOptions, deps: ContenderDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Offers frames at a rate and waits until all of them stand in the stream. @throws Error when they do not */
  async leg(perSecond: number): Promise<Leg> {
    const { senders, ledger } = this.#deps;
    const { target, pid, legMs } = this.#options;
    const before = processUsage(pid).cpuMs;
    ledger.forgetTimes();
    const load: SentLoad = await senders.call('push', { target, perSecond, durationMs: legMs });
    this.#sent += load.frames;
    await eventually(
      async () => {
        await ledger.take();
        if (ledger.total !== this.#sent)
          throw new Error(`${target}: ${ledger.total} of ${this.#sent} frames are in the stream`);
      },
      { timeoutMs: DRAIN_LIMIT_MS, everyMs: 50, what: 'the end of a leg' },
    );
    const seconds = (load.to - load.from) / 1_000;
    const from = load.from + (load.to - load.from) * WARM_UP;
    return {
      offered: load.frames / seconds,
      stored: ledger.rateBetween(from, load.to),
      cpuUsPerFrame: (1_000 * (processUsage(pid).cpuMs - before)) / load.frames,
    };
  }

  /**
   * That what every agent was told is true: its confirmed frame, and all before it, stand in the stream, and in the
   * end everything is confirmed. @throws Error when not, after `limitMs`
   */
  async checkConfirmed(limitMs: number): Promise<void> {
    const { senders, ledger } = this.#deps;
    const { target, prefix } = this.#options;
    await eventually(
      async () => {
        const books = await senders.call('books', { target });
        for (const [n, { sent, confirmed }] of books.entries()) {
          const stored = ledger.newestOf(agentIdOf(prefix, n));
          if (confirmed > stored) throw new Error(`frame ${confirmed} was confirmed, ${stored} are stored`);
          if (confirmed !== sent) throw new Error(`${confirmed} of ${sent} frames are confirmed`);
        }
      },
      { timeoutMs: limitMs, everyMs: 200, what: 'the confirmation of all frames' },
    );
  }
}
