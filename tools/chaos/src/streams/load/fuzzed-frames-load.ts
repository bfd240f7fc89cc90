import { setTimeout as pause } from 'node:timers/promises';
import { signHandshake } from '@viw/agent-auth';
import { agentWebSocketPath, hubFrame, limits, streams, subprotocol } from '@viw/contracts';
import WebSocket from 'ws';
import type { Chance } from '../../chance';
import { type Findings, Tally } from '../../ledger/findings';
import type { AuditedEntry } from '../../world/auditing-group';
import type { CommandChain } from '../command-chain';
import { fuzzedFrame } from './fuzzed-frames';
import type { Load } from './load';

export interface FuzzedFramesLoadDeps {
  readonly chain: Pick<CommandChain, 'hubUrl' | 'secret'>;
  readonly chance: Chance;
}

const PREFIX = 'gw-fuzz-';
/** The most that a hub hears before it ends the connection. */
const PER_CONNECTION = limits.badFramesPerMinute;
const AT_ONCE = 16;
const BOUT_LIMIT_MS = 10_000;

/**
 * Strangers with valid credentials who send nothing but nonsense, some after a proper HELLO. The hub answers each frame with
 * an ERROR, nothing of it gets into a stream, and the hub lives.
 */
export class FuzzedFramesLoad implements Load {
  readonly streams = [];
  readonly auditedStreams = [streams.agentHello, streams.agentSessions];
  readonly published = new Map<string, never>();
  /** It publishes nothing. */
  readonly sent = 0;
  readonly acknowledged = 0;
  readonly #count: number;
  readonly #deps: FuzzedFramesLoadDeps;
  #bouts = 0;
  #spoken = 0;
  /** With an ERROR. */
  #answered = 0;

  constructor({ fuzzed }: { readonly fuzzed: number }, deps: FuzzedFramesLoadDeps) {
    this.#count = fuzzed;
    this.#deps = deps;
  }

  async prepare(): Promise<void> {}

  async run(windowMs: number): Promise<void> {
    const start = performance.now();
    const bouts = Math.ceil(this.#count / PER_CONNECTION);
    const one = async (): Promise<void> => {
      while (this.#bouts < bouts) {
        const nth = this.#bouts++;
        await pause(Math.max(0, (nth / bouts) * windowMs - (performance.now() - start)));
        await this.#bout(nth);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  async settled(): Promise<void> {}

  expects({ stream, agentId }: AuditedEntry): boolean {
    return this.auditedStreams.some((each) => each === stream) && agentId?.startsWith(PREFIX) === true;
  }

  witness(): void {}

  async audit(): Promise<Findings> {
    const tally = new Tally();
    tally.promised = this.#spoken;
    tally.stored = this.#answered;
    for (let n = this.#answered; n < this.#spoken; n++) tally.add('lost', 'a fuzzed frame without an answer');
    return tally.findings();
  }

  /** One connection; resolves when every frame is answered, or when there will be no more answers. */
  #bout(nth: number): Promise<void> {
    const agentId = `${PREFIX}${nth}`;
    const { chain, chance } = this.#deps;
    const frames = Array.from({ length: PER_CONNECTION }, () => fuzzedFrame(chance));
    const path = agentWebSocketPath;
    const socket = new WebSocket(`${chain.hubUrl}${path}`, [subprotocol], {
      headers: signHandshake({ secret: chain.secret, agentId, path, now: Date.now() }),
      // Each from another address: they are not one stranger.
      localAddress: `127.1.${(nth >> 8) & 255}.${nth & 255}`,
    });
    const speak = (): void => {
      this.#spoken += frames.length;
      for (const frame of frames) socket.send(frame);
    };
    const greets = nth % 10 === 0;
    let answers = 0;
    socket.on('open', () => {
      if (!greets) speak();
      else
        socket.send(JSON.stringify({ type: 'HELLO', agent_id: agentId, version: '1.0.0', capabilities: [] }));
    });
    socket.on('message', (data) => {
      const { type } = hubFrame.parse(JSON.parse((data as Buffer).toString()));
      if (type === 'WELCOME') speak();
      if (type !== 'ERROR') return;
      answers += 1;
      this.#answered += 1;
      if (answers === frames.length) socket.close(1000);
    });
    // `close` follows.
    socket.on('error', () => undefined);
    const limit = setTimeout(() => socket.terminate(), BOUT_LIMIT_MS);
    return new Promise((resolve) =>
      socket.once('close', () => {
        clearTimeout(limit);
        resolve();
      }),
    );
  }
}
