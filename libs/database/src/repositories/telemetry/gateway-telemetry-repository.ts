import type { AgentEventsBody, AgentHelloBody, AgentSessionsBody, TelemetryPoint } from '@viw/contracts';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import { applyHellos } from './hello-writes';
import { PointPartitionRepository } from './point-partition-repository';
import type { RepositoryDeps } from '../repository';
import { applySessions } from './agent-session-writes';
import { touch } from './sign-of-life';
import { minuteOf, newestBy, startOf } from './newest-frames';
import { upsertPoints, upsertStatus } from './telemetry-upserts';

export interface TelemetryOptions {
  /** Points older than this many days are not stored: their partition may be gone. Default 30. */
  readonly retentionDays?: number;
}

export interface TelemetryApplied {
  /** Agents whose status moved on, sorted. */
  readonly agents: string[];
  /** Points stored or replaced by a newer one of their minute. */
  readonly points: number;
  /** Frames whose minute lies outside retention; their status counted all the same. */
  readonly outsideRetention: number;
}

/** High-frequency writes of the telemetry writer, set by set. Every method may be repeated with the same batch. */
export class GatewayTelemetryRepository {
  private readonly knownDays = new Set<string>();

  constructor(
    private readonly options: TelemetryOptions,
    private readonly deps: RepositoryDeps,
  ) {}

  /** Inventory facts, see `applyHellos` in hello-writes. @returns agents that changed, sorted */
  async applyHellos(batch: readonly AgentHelloBody[]): Promise<string[]> {
    return applyHellos(this.deps.db, batch);
  }

  /** Sessions and connection states, see `applySessions` in session-writes. @returns agents that changed, sorted */
  async applySessions(batch: readonly AgentSessionsBody[]): Promise<string[]> {
    return applySessions(this.deps.db, batch);
  }

  /** Newest status per agent by (epoch, seq), and one point per agent and minute: the newest of that minute. */
  async applyTelemetry(batch: readonly TelemetryPoint[]): Promise<TelemetryApplied> {
    const kept = batch.filter((frame) => this.withinRetention(frame.received_at));
    const points = newestBy(kept, (frame) => `${frame.agent_id} ${minuteOf(frame)}`);
    const newest = newestBy(batch, (frame) => frame.agent_id);
    const signs = newest.map(({ agent_id, session_id, received_at }) => ({
      agent_id,
      session_id,
      at: received_at,
    }));
    await this.ensureDays(points);
    return inTransaction(this.deps.db, async (trx) => {
      const agents = await upsertStatus(trx, newest);
      const stored = await upsertPoints(trx, points);
      await touch(trx, signs, 'lost');
      return { agents, points: stored, outsideRetention: batch.length - kept.length };
    });
  }

  /** Ids of the events that were new. */
  async applyAgentEvents(batch: readonly AgentEventsBody[]): Promise<string[]> {
    const { rows } = await sql<{ event_id: string }>`
      INSERT INTO viw.agent_events (agent_id, event_id, kind, name, data, ts, received_at)
      SELECT * FROM unnest(
        ${batch.map(({ event }) => event.agent_id)}::text[], ${batch.map(({ event }) => event.event_id)}::uuid[],
        ${batch.map(({ event }) => event.kind)}::text[], ${batch.map(({ event }) => event.name)}::text[],
        ${batch.map(({ event }) => (event.data === undefined ? null : JSON.stringify(event.data)))}::jsonb[],
        ${batch.map(({ event }) => event.ts)}::timestamptz[],
        ${batch.map(({ received_at }) => received_at)}::timestamptz[])
      ON CONFLICT DO NOTHING RETURNING event_id`.execute(this.deps.db);
    return rows.map((row) => row.event_id);
  }

  /**
   * Gateways from which nothing was heard for `seconds`, by the database's clock, become `lost` (discovered ones only
   * stop being connected). Telemetry of the newest session counts as heard. Call it only while the streams are nearly read up: in a backlog everybody looks silent.
   * @returns agent ids, sorted
   */
  async markSilentAsLost(seconds: number): Promise<string[]> {
    const { rows } = await sql<{ agent_id: string }>`
      UPDATE viw.os_gateways g SET connected = false, lost_at = now(),
        state = CASE WHEN state = 'connected' THEN 'lost' ELSE state END
      WHERE connected AND last_seen_at < now() - make_interval(secs => ${seconds})
        AND NOT EXISTS (SELECT FROM viw.os_gateway_status s WHERE s.agent_id = g.agent_id
          AND s.epoch >= g.epoch AND s.received_at >= now() - make_interval(secs => ${seconds}))
      RETURNING agent_id`.execute(this.deps.db);
    return rows.map((row) => row.agent_id).sort();
  }

  private withinRetention(receivedAt: string): boolean {
    const age = Date.now() - Date.parse(receivedAt);
    return age < ((this.options.retentionDays ?? 30) - 1) * 86_400_000 && age > -2 * 86_400_000;
  }

  /** In a statement of its own, so that the partition is there for every writer, whatever becomes of the batch. */
  private async ensureDays(points: readonly TelemetryPoint[]): Promise<void> {
    const minutes = new Set(points.map(minuteOf));
    const days = new Set([...minutes].map((minute) => startOf(minute).slice(0, 10)));
    const missing = [...days].filter((day) => !this.knownDays.has(day));
    if (missing.length === 0) return;
    await new PointPartitionRepository(this.deps).ensureDays(missing);
    if (this.deps.db.isTransaction) return; // It may still be rolled back.
    for (const day of missing) this.knownDays.add(day);
  }
}
