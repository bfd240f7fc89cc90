import type { GatewayRegister } from '@viw/contracts';
import type { GatewayDetail, GatewayFilter, GatewayPatch } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Repositories } from '../store';
import type { WriteRequest, IdempotentWrites } from './idempotent-writes';
import { tellHubs } from './tell-hubs';

export interface GatewayServiceDeps {
  readonly repositories: Repositories;
  readonly writes: IdempotentWrites;
}

const DAY_MS = 86_400_000;

/** The inventory of gateways. Every change that hubs must know leaves as a delta, in the change's own transaction. */
export class GatewayService {
  constructor(private readonly deps: GatewayServiceDeps) {}

  list(filter: GatewayFilter) {
    return this.deps.repositories.gateways.list(filter);
  }

  /** @throws AppError NOT_FOUND */
  async get(agentId: string): Promise<GatewayDetail> {
    const gateway = await this.deps.repositories.gateways.get(agentId);
    if (!gateway) throw new AppError('NOT_FOUND', `No gateway ${agentId}`);
    return gateway;
  }

  /** The last day unless told otherwise. @throws AppError NOT_FOUND, VALIDATION_FAILED */
  async points(agentId: string, range: { from?: string | undefined; to?: string | undefined; step: number }) {
    await this.get(agentId);
    const to = range.to === undefined ? Date.now() : Date.parse(range.to);
    const from = range.from === undefined ? to - DAY_MS : Date.parse(range.from);
    if (from >= to)
      throw new AppError('VALIDATION_FAILED', 'from must be before to', {
        meta: { errors: [{ path: 'from', msg: 'before to' }] },
      });
    return this.deps.repositories.gatewayHistory.points(agentId, {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      step: range.step,
    });
  }

  /** Newest first. @throws AppError NOT_FOUND */
  async events(agentId: string, options: { limit: number; cursor?: string | undefined }) {
    await this.get(agentId);
    return this.deps.repositories.gatewayHistory.events(agentId, options);
  }

  /** @throws AppError NOT_FOUND */
  async containers(agentId: string) {
    const { metrics, metrics_at } = await this.get(agentId);
    const containers = metrics?.containers;
    if (containers === undefined) return { running: null, total: null, images: null, at: null };
    const { running = null, total = null, images = null } = containers;
    return { running, total, images, at: metrics_at };
  }

  /** Newest first. @throws AppError NOT_FOUND */
  async sessions(agentId: string, options: { limit: number; cursor?: string | undefined }) {
    await this.get(agentId);
    return this.deps.repositories.gatewayHistory.sessions(agentId, options);
  }

  register(write: WriteRequest, input: GatewayRegister): Promise<GatewayDetail> {
    return this.deps.writes.perform(write, async (repositories) => {
      const gateway = await repositories.gateways.register(input);
      await tellHubs(repositories, input.agent_id);
      return { answer: gateway, ...told('gateway.register', input.agent_id, input) };
    });
  }

  update(write: WriteRequest, agentId: string, patch: GatewayPatch): Promise<GatewayDetail> {
    return this.deps.writes.perform(write, async (repositories) => {
      const gateway = await repositories.gateways.patch(agentId, patch);
      if (patch.min_version !== undefined || patch.public_keys !== undefined)
        await tellHubs(repositories, agentId);
      return { answer: gateway, ...told('gateway.update', agentId, patch) };
    });
  }

  /**
   * Closes every hub to what the gateway has so far, for a lost or stolen host. A second time changes nothing.
   * @throws AppError NOT_FOUND
   */
  async revokeCredentials(write: WriteRequest, agentId: string): Promise<void> {
    await this.deps.writes.perform(write, async (repositories) => {
      const changed = await repositories.gateways.revokeCredentials(agentId);
      if (changed) await tellHubs(repositories, agentId);
      return { answer: null, ...told('gateway.credentials.revoke', agentId, { changed }) };
    });
  }

  /** For good. A second time changes nothing. */
  async decommission(write: WriteRequest, agentId: string): Promise<void> {
    await this.deps.writes.perform(write, async (repositories) => {
      const changed = await repositories.gateways.decommission(agentId);
      if (changed) await tellHubs(repositories, agentId);
      return { answer: null, ...told('gateway.decommission', agentId, { changed }) };
    });
  }
}

/** Public keys stand in the audit log too: whoever can replace one reads the next password. */
const told = (action: string, agentId: string, detail: object) => ({
  audit: { action, object: { kind: 'gateway', id: agentId }, detail: { ...detail } },
  changes: [{ kind: 'gateway' as const, id: agentId }],
});
