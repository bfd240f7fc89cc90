import type { AgentEventsBody, AgentHelloBody, AgentSessionsBody, TelemetryBody } from '@viw/contracts';
import type { GatewayTelemetryRepository } from '@viw/database';
import type { BatchHandler, ChangeAnnouncer } from '@viw/streams';

export interface HandlerDeps {
  readonly telemetry: GatewayTelemetryRepository;
  readonly changes: ChangeAnnouncer;
}

const announceGateways = (changes: ChangeAnnouncer, agentIds: readonly string[]): void =>
  changes.announce(agentIds.map((id) => ({ kind: 'gateway', id })));

/**
 * What becomes of each stream. A handler returns after the commit; only then are its entries acknowledged. Every one may
 * be given the same batch again.
 */
export const writeHellos =
  ({ telemetry, changes }: HandlerDeps): BatchHandler<AgentHelloBody> =>
  async (batch) => {
    announceGateways(changes, await telemetry.applyHellos(batch.map((entry) => entry.body)));
  };

export const writeSessions =
  ({ telemetry, changes }: HandlerDeps): BatchHandler<AgentSessionsBody> =>
  async (batch) => {
    announceGateways(changes, await telemetry.applySessions(batch.map((entry) => entry.body)));
  };

export const writeTelemetry =
  ({ telemetry, changes }: HandlerDeps): BatchHandler<TelemetryBody> =>
  async (batch) => {
    const { agents } = await telemetry.applyTelemetry(batch.flatMap((entry) => entry.body.frames));
    announceGateways(changes, agents);
  };

export const writeAgentEvents =
  ({ telemetry }: HandlerDeps): BatchHandler<AgentEventsBody> =>
  async (batch) => {
    await telemetry.applyAgentEvents(batch.map((entry) => entry.body));
  };
