import type { CommandStatus } from '@viw/contracts';
import { deadLetterStream, groups, hubStream, mailboxStream, streamGroups, streams } from '@viw/contracts';
import type { GroupName, StreamName } from '@viw/contracts';
import type { Db } from '@viw/database';
import { sql } from 'kysely';
import { refusedByRedis, unfinished } from '../world/stream-state';
import type { CommandEvidence, CommandRow, ResultRow } from '../ledger/command-books';
import type { CommandWorld } from './world';
import { readEffects } from './effect-scripts';

export async function readEvidence(
  { db, gateways }: Pick<CommandWorld, 'db' | 'gateways'>,
  firstEnds: ReadonlyMap<string, CommandStatus>,
): Promise<CommandEvidence> {
  const commands = await sql<CommandRow>`
    SELECT correlation_id, agent_id, verb, status, coalesce(parameters_redacted->>'username', correlation_id::text) AS mark
    FROM viw.agent_commands`.execute(db);
  const results = await sql<ResultRow>`
    SELECT correlation_id, agent_id, result_id, status, late
    FROM viw.agent_command_results ORDER BY id`.execute(db);
  const effects = await Promise.all(gateways.map(({ agentId, scripts }) => readEffects(agentId, scripts)));
  return { commands: commands.rows, results: results.rows, effects: effects.flat(), firstEnds };
}

/** Remembers the first end of each command that has one by now. */
export async function watchEnds(db: Db, firstEnds: Map<string, CommandStatus>): Promise<void> {
  const { rows } = await sql<Pick<CommandRow, 'correlation_id' | 'status'>>`
    SELECT correlation_id, status FROM viw.agent_commands
    WHERE status NOT IN ('accepted', 'queued', 'dispatched', 'acknowledged')`.execute(db);
  for (const { correlation_id, status } of rows)
    if (!firstEnds.has(correlation_id)) firstEnds.set(correlation_id, status);
}

/** What has not come to rest. All of it must become 0. */
export interface Unrest {
  /** Handed out and not acknowledged. */
  readonly pending: number;
  /** Streams that a group has not read to the end. */
  readonly unread: number;
  /** Entries in the hubs' own streams and in mailboxes. */
  readonly waiting: number;
  /** Outbox rows not yet published. */
  readonly unpublished: number;
  readonly dead_letters: number;
  /** Commands for which an account had no right in Redis. */
  readonly refused_by_redis: readonly string[];
}

const shared = [
  streams.commands,
  streams.commandEvents,
  streams.commandResults,
  streams.agentHello,
  streams.agentSessions,
  streams.telemetry,
] as const;
const groupOf = (stream: StreamName): GroupName => streamGroups[stream][0] ?? groups.agentBridge;

export async function readUnrest({ db, auditor, hubs, gateways }: CommandWorld): Promise<Unrest> {
  const ofHubs = hubs.map(hubStream);
  const [onShared, onHubs] = await Promise.all([
    unfinished(auditor, shared, groupOf),
    unfinished(auditor, ofHubs, () => groups.agentBridge),
  ]);
  const mailboxes = await Promise.all(gateways.map(({ agentId }) => auditor.xlen(mailboxStream(agentId))));
  const dead = await Promise.all(
    [...shared, ...ofHubs].map((stream) => auditor.xlen(deadLetterStream(stream))),
  );
  const { rows } = await sql<{ n: number }>`
    SELECT count(*)::int AS n FROM viw.outbox WHERE published_at IS NULL`.execute(db);
  return {
    pending: onShared.pending + onHubs.pending,
    unread: onShared.unread + onHubs.unread,
    waiting: onHubs.entries + sum(mailboxes),
    unpublished: rows[0]?.n ?? 0,
    dead_letters: sum(dead),
    refused_by_redis: await refusedByRedis(auditor),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
