import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../monotonic';
import { OpenLoop } from '../open-loop';
import { type SenderCertificate, TelemetrySender, type TelemetrySenderOptions } from './telemetry-sender';

export interface SendersPlan extends Omit<TelemetrySenderOptions, 'n' | 'certificate'> {
  /** Under which later calls find them. */
  readonly target: string;
  readonly count: number;
  /** That of each by its number; by default they have none. */
  readonly certificates?: readonly SenderCertificate[] | undefined;
}

export interface Load {
  readonly target: string;
  readonly perSecond: number;
  readonly durationMs: number;
}

export interface SentLoad {
  readonly frames: number;
  /** Milliseconds since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  /** By which the sender was behind its schedule at the end, milliseconds. */
  readonly lateMs: number;
}

const HANDSHAKES_AT_ONCE = 64;
/** Frames in one turn of the event loop, so that sockets are written meanwhile. */
const FRAMES_PER_TURN = 64;

/**
 * Many authenticated agents that do nothing but push telemetry, by a fixed schedule, in turns. The frames are made
 * beforehand as far as possible: what a sender costs is not what is measured.
 */
export class SendersRole {
  readonly #senders = new Map<string, readonly TelemetrySender[]>();
  #next = 0;

  /** Resolves when all of them have a session. */
  async connect({ target, count, certificates, ...options }: SendersPlan): Promise<void> {
    const senders = Array.from(
      { length: count },
      (_, n) => new TelemetrySender({ ...options, n, certificate: certificates?.[n] }),
    );
    for (let from = 0; from < count; from += HANDSHAKES_AT_ONCE)
      await Promise.all(senders.slice(from, from + HANDSHAKES_AT_ONCE).map((sender) => sender.connect()));
    this.#senders.set(target, senders);
  }

  /** Ends with the schedule's time; what the sender itself could not send by then stays unsent. */
  async push({ target, perSecond, durationMs }: Load): Promise<SentLoad> {
    const senders = this.#of(target);
    const from = Date.now();
    const startAt = monotonicMs();
    const loop = new OpenLoop({ perSecond, durationMs, startAt });
    let frames = 0;
    let now = startAt;
    while (!loop.finished && now - startAt < durationMs) {
      const due = loop.take(now, FRAMES_PER_TURN);
      for (let i = 0; i < due; i++) senders[this.#next++ % senders.length]?.send();
      frames += due;
      await (due < FRAMES_PER_TURN ? pause(1) : turn());
      now = monotonicMs();
    }
    return { frames, from, to: Date.now(), lateMs: loop.lateness(now) };
  }

  /** Per agent: the newest frame sent, and the newest one that its hub has confirmed. */
  async books({ target }: { readonly target: string }): Promise<{ sent: number; confirmed: number }[]> {
    return this.#of(target).map(({ sent, confirmed }) => ({ sent, confirmed }));
  }

  #of(target: string): readonly TelemetrySender[] {
    const senders = this.#senders.get(target);
    if (senders === undefined) throw new Error(`nobody is connected to ${target}`);
    const fault = senders.find(({ fault }) => fault !== undefined)?.fault;
    if (fault !== undefined) throw new Error(`a sender of ${target} lost its connection: ${fault}`);
    return senders;
  }
}
