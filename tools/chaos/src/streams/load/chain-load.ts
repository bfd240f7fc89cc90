import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@viw/client';
import { streams } from '@viw/contracts';
import type { Db } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Findings } from '../../ledger/findings';
import { auditResults } from '../../ledger/results-ledger';
import { type ChainBooks, auditChain } from '../../ledger/chain-ledger';
import type { AuditedEntry } from '../../world/auditing-group';
import { openLoop } from '../../open-loop';
import type { CommandChain } from '../command-chain';
import { ChainAgent } from './chain-agent';
import type { Load } from './load';
import { readStoredResults } from './results-evidence';

export interface ChainLoadDeps {
  readonly chain: Pick<CommandChain, 'api' | 'hubUrl' | 'secret'>;
  readonly db: Db;
}

const AGENT_ID = 'gw-chain-1';
const PER_SECOND = 4;
/** As a 503 asks for: calls repeated faster leave the relay no connection of the backend's pool. */
const RETRY_MS = 2_000;
/** Longer than the backend itself waits for Postgres. */
const CALL_LIMIT_MS = 15_000;

/**
 * Commands as a person gives them: accepted by the API, published by the outbox relay, carried by the hub to an agent,
 * whose results come back. A call without an answer is made again under the same correlation id.
 */
export class ChainLoad implements Load {
  readonly streams = [];
  readonly auditedStreams = [streams.commands, streams.commandEvents, streams.commandResults];
  readonly published = new Map<string, never>();
  readonly #api: Client;
  readonly #db: Db;
  readonly #agent: ChainAgent;
  /** By correlation id: whether the API has answered 202. */
  readonly #commands = new Map<string, boolean>();
  readonly #open = new Set<Promise<void>>();
  readonly #runs: AuditedEntry[] = [];
  readonly #stopping = new AbortController();

  constructor({ chain, db }: ChainLoadDeps) {
    this.#api = chain.api;
    this.#db = db;
    this.#agent = new ChainAgent({ agentId: AGENT_ID, hubUrl: chain.hubUrl, secret: chain.secret });
  }

  get sent(): number {
    return this.#commands.size;
  }

  get acknowledged(): number {
    return [...this.#commands.values()].filter(Boolean).length;
  }

  async prepare(): Promise<void> {
    await this.#api.gateways.register({ agent_id: AGENT_ID });
    this.#agent.start();
  }

  async run(windowMs: number): Promise<void> {
    await openLoop(PER_SECOND, windowMs, () => {
      const call = this.#command(uuidv7());
      this.#open.add(call);
      void call.then(() => this.#open.delete(call));
    });
  }

  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#agent.stop(), this.settled()]);
  }

  expects({ stream, correlationId, agentId }: AuditedEntry): boolean {
    if (stream === streams.agentHello || stream === streams.agentSessions) return agentId === AGENT_ID;
    return this.auditedStreams.some((each) => each === stream) && this.#commands.has(correlationId ?? '');
  }

  witness(entries: readonly AuditedEntry[]): void {
    this.#runs.length = 0;
    for (const entry of entries) {
      if (entry.stream === streams.commands && this.expects(entry)) this.#runs.push(entry);
      const result = this.#agent.results.get(entry.correlationId ?? '');
      if (entry.stream === streams.commandResults && result) result.acknowledged = true;
    }
  }

  async audit(): Promise<Findings> {
    const stored = await readStoredResults(this.#db, AGENT_ID);
    const accepted = [...this.#commands].filter(([, answered]) => answered).map(([id]) => id);
    const chain = auditChain({
      accepted,
      published: this.#runs,
      outbox: await this.#outbox(),
      statuses: new Map(stored.commands.map(({ correlation_id, status }) => [correlation_id, status])),
    });
    const results = auditResults(
      {
        commands: new Map(accepted.map((id) => [id, AGENT_ID])),
        results: [...this.#agent.results.values()],
        // The hub reports progress; it may, and need not, have got so far.
        events: accepted.flatMap((correlation_id) =>
          (['dispatched', 'acknowledged'] as const).map((state) => ({
            correlation_id,
            state,
            acknowledged: false,
          })),
        ),
      },
      stored,
    );
    return {
      promised: chain.promised + results.promised,
      stored: results.stored,
      lost: chain.lost + results.lost,
      duplicated: chain.duplicated + results.duplicated,
      phantom: chain.phantom + results.phantom,
      disordered: chain.disordered,
      examples: [...chain.examples, ...results.examples],
    };
  }

  async #command(correlationId: string): Promise<void> {
    const stopped = this.#stopping.signal;
    this.#commands.set(correlationId, false);
    while (!stopped.aborted) {
      try {
        await this.#api.commands.run(
          AGENT_ID,
          { command: 'list_users', parameters: {}, ttl_s: 3_600, correlation_id: correlationId },
          { signal: AbortSignal.any([stopped, AbortSignal.timeout(CALL_LIMIT_MS)]) },
        );
        this.#commands.set(correlationId, true);
        return;
      } catch {
        await pause(RETRY_MS);
      }
    }
  }

  async #outbox(): Promise<ChainBooks['outbox']> {
    const { rows } = await sql<ChainBooks['outbox'][number]>`
      SELECT correlation_id, event_id, published_at IS NOT NULL AS published FROM viw.outbox
      WHERE stream = ${streams.commands}`.execute(this.#db);
    return rows;
  }
}
