import { randomUUID } from 'node:crypto';
import type { CommandEventsBody, ResultStatus } from '@viw/contracts';
import { commandEventsStream, commandResultsStream, streams } from '@viw/contracts';
import type { Db } from '@viw/database';
import type { StreamProducer } from '@viw/streams';
import type { Chance } from '../../chance';
import type { Findings } from '../../ledger/findings';
import type { SentCommandEvent, SentResult } from '../../ledger/results-ledger';
import { auditResults } from '../../ledger/results-ledger';
import type { Published } from '../../ledger/stream-ledger';
import type { AuditedEntry } from '../../world/auditing-group';
import { openLoop } from '../../open-loop';
import { type Load, Publishes } from './load';
import { insertQueuedCommands, readStoredResults } from './results-evidence';

export interface ResultsLoadOptions {
  readonly commandsPerSecond: number;
  readonly windowMs: number;
}

export interface LoadDeps {
  readonly producer: Pick<StreamProducer, 'publish'>;
  readonly db: Db;
  readonly chance: Chance;
}

const AGENTS = 20;
/** Of agents that no gateway is: a reconciler takes none of their commands for lost and publishes it again. */
const AGENT_PREFIX = 'gw-played-';
/** A result follows its dispatch by this many commands. */
const BEHIND = 25;
const outcomes: readonly ResultStatus[] = [
  'success',
  'success',
  'success',
  'error',
  'timeout',
  'denied',
  'unknown',
];

/**
 * Commands as the backend leaves them, then what hubs report of them: steps, results, results sent again under another
 * event id (an agent that got no RESULT_ACK), second results, refusals, commands that never end.
 */
export class ResultsLoad implements Load {
  readonly streams = [streams.commandEvents, streams.commandResults];
  readonly auditedStreams = this.streams;
  readonly #options: ResultsLoadOptions;
  readonly #deps: LoadDeps;
  readonly #publishes = new Publishes();
  readonly #commands = new Map<string, string>();
  readonly #results: SentResult[] = [];
  readonly #refused = new Set<string>();
  readonly #events: SentCommandEvent[] = [];

  constructor(options: ResultsLoadOptions, deps: LoadDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get sent(): number {
    return this.#publishes.sent;
  }

  get acknowledged(): number {
    return this.#publishes.acknowledged;
  }

  async prepare(): Promise<void> {
    const { commandsPerSecond, windowMs } = this.#options;
    const count = Math.ceil((commandsPerSecond * windowMs) / 1_000);
    for (let n = 0; n < count; n++) this.#commands.set(randomUUID(), `${AGENT_PREFIX}${n % AGENTS}`);
    await insertQueuedCommands(this.#deps.db, this.#commands);
  }

  async run(windowMs: number): Promise<void> {
    const commands = [...this.#commands];
    let next = 0;
    await openLoop(this.#options.commandsPerSecond, windowMs, () => {
      this.#begin(commands[next]);
      this.#finish(commands[next - BEHIND]);
      next += 1;
    });
    for (const command of commands.slice(Math.max(0, next - BEHIND), next)) this.#finish(command);
  }

  settled(): Promise<void> {
    return this.#publishes.settled();
  }

  get published(): Published {
    return this.#publishes.all;
  }

  expects(): boolean {
    return false;
  }

  witness(entries: readonly AuditedEntry[]): void {
    this.#publishes.witness(entries);
  }

  async audit(): Promise<Findings> {
    const books = { commands: this.#commands, results: this.#results, events: this.#events };
    return auditResults(books, await readStoredResults(this.#deps.db, AGENT_PREFIX));
  }

  #begin(command: [string, string] | undefined): void {
    if (!command) return;
    // A hub refuses before it sends: what was dispatched is never called denied.
    if (this.#deps.chance.next() < 0.1) {
      this.#refused.add(command[0]);
      return this.#report(command, 'rejected');
    }
    this.#report(command, 'dispatched');
    if (this.#deps.chance.next() < 0.8) this.#report(command, 'acknowledged');
  }

  #finish(command: [string, string] | undefined): void {
    if (!command || this.#refused.has(command[0])) return;
    const { chance } = this.#deps;
    const dice = chance.next();
    if (dice < 0.05) return;
    const result = this.#makeResult(command);
    this.#send(result);
    if (dice < 0.3) this.#send(result);
    if (dice > 0.95) this.#send(this.#makeResult(command));
  }

  #report([correlation_id, agent_id]: [string, string], state: SentCommandEvent['state']): void {
    const event: SentCommandEvent = { correlation_id, state, acknowledged: false };
    this.#events.push(event);
    const body: CommandEventsBody = {
      correlation_id,
      agent_id,
      hub: 'hub-chaos',
      at: new Date().toISOString(),
      state,
    };
    this.#publishes.track(
      (eventId) => this.#deps.producer.publish(commandEventsStream, body, { eventId }),
      () => (event.acknowledged = true),
    );
  }

  #makeResult([correlation_id, agent_id]: [string, string]): SentResult {
    const result: SentResult = {
      result_id: randomUUID(),
      correlation_id,
      agent_id,
      status: this.#deps.chance.pick(outcomes),
      evidence: `effect ${randomUUID()}`,
      acknowledged: false,
    };
    this.#results.push(result);
    return result;
  }

  #send(result: SentResult): void {
    const { evidence, acknowledged: _, ...facts } = result;
    const now = new Date().toISOString();
    const body = {
      hub: 'hub-chaos',
      session_id: 's-chaos',
      epoch: 1,
      received_at: now,
      result: {
        ...facts,
        verb: 'list_containers',
        rc: facts.status === 'success' ? 0 : 1,
        stdout: evidence,
        stderr: '',
        truncated: false,
        duration_ms: 3,
        started_at: now,
        finished_at: now,
      },
    };
    this.#publishes.track(
      (eventId) => this.#deps.producer.publish(commandResultsStream, body, { eventId }),
      () => (result.acknowledged = true),
    );
  }
}
