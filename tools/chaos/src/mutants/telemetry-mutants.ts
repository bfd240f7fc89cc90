import type { AgentEventsBody, TelemetryBody, TelemetryPoint } from '@viw/contracts';
import { groups } from '@viw/contracts';
import { type Db, GatewayTelemetryRepository, inTransaction } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import type { BatchHandler } from '@viw/streams';
import { sql } from 'kysely';
import { type Mutant, commit, surrounded } from './handlers';
import type { MutantDeps } from './results-mutants';

/** A telemetry-writer put together from the real parts, with one protective measure left out. */
export function telemetryHandler(mutant: Mutant, { db, ...deps }: MutantDeps): BatchHandler<TelemetryBody> {
  const telemetry = new GatewayTelemetryRepository({}, { db });
  const store = commit<TelemetryBody>((batch) => {
    const frames = batch.flatMap(({ body }) => body.frames);
    return mutant === 'no-order-guard' ? overwrite(db, frames) : telemetry.applyTelemetry(frames);
  }, deps);
  return surrounded(mutant, store, { ...deps, group: groups.telemetryWriter });
}

export function agentEventsHandler(
  mutant: Mutant,
  { db, ...deps }: MutantDeps,
): BatchHandler<AgentEventsBody> {
  const telemetry = new GatewayTelemetryRepository({}, { db });
  const store = commit<AgentEventsBody>((batch) => {
    const bodies = batch.map(({ body }) => body);
    return telemetry.applyAgentEvents(mutant === 'no-dedupe-key' ? bodies.map(underFreshId) : bodies);
  }, deps);
  return surrounded(mutant, store, { ...deps, group: groups.telemetryWriter });
}

const underFreshId = (body: AgentEventsBody): AgentEventsBody => ({
  ...body,
  event: { ...body.event, event_id: uuidv7() },
});

/** The last to arrive wins: the guards find nothing to compare with. */
const overwrite = (db: Db, frames: readonly TelemetryPoint[]): Promise<unknown> =>
  inTransaction(db, async (trx) => {
    const agents = [...new Set(frames.map(({ agent_id }) => agent_id))];
    await sql`DELETE FROM viw.os_gateway_status WHERE agent_id = ANY (${agents}::text[])`.execute(trx);
    await sql`DELETE FROM viw.os_gateway_points p USING unnest(
      ${frames.map(({ agent_id }) => agent_id)}::text[], ${frames.map(({ received_at }) => received_at)}::timestamptz[]
    ) AS i (agent_id, at) WHERE p.agent_id = i.agent_id AND p.bucket = date_trunc('minute', i.at)`.execute(
      trx,
    );
    await new GatewayTelemetryRepository({}, { db: trx }).applyTelemetry(frames);
  });
