import { epochKey, hubAliveKey, leaseKey } from '@viw/contracts';
import type { Redis } from '@viw/streams';
import { releaseLease, renewLeases, takeLease } from './lease-scripts';

export interface Lease {
  readonly connId: string;
  /** Fencing token: rises with every connection of the agent, on whichever hub. */
  readonly epoch: number;
}

export interface HeldLease extends Lease {
  readonly agentId: string;
}

export type Renewal = 'renewed' | 'made-again' | 'lost';

const renewals: readonly Renewal[] = ['lost', 'renewed', 'made-again'];

export interface LeaseStoreOptions {
  readonly hub: string;
  /** Milliseconds. */
  readonly leaseTtlMs: number;
  /** Milliseconds. */
  readonly hubTtlMs: number;
}

/** The leases of this hub, and the key that tells other hubs that it lives. Every method rejects without Redis. */
export class LeaseStore {
  readonly #options: LeaseStoreOptions;
  readonly #redis: Redis;

  constructor(options: LeaseStoreOptions, { redis }: { redis: Redis }) {
    this.#options = options;
    this.#redis = redis;
  }

  async take(agentId: string, connId: string): Promise<Lease> {
    const { hub, leaseTtlMs } = this.#options;
    const keys = [epochKey(agentId), leaseKey(agentId)];
    const epoch = await this.#redis.eval(takeLease, keys.length, ...keys, hub, connId, leaseTtlMs);
    return { connId, epoch: Number(epoch) };
  }

  /** In the order given. */
  async renew(leases: readonly HeldLease[]): Promise<Renewal[]> {
    const keys = leases.flatMap(({ agentId }) => [epochKey(agentId), leaseKey(agentId)]);
    const facts = leases.flatMap(({ epoch, connId }) => [String(epoch), connId]);
    const { hub, leaseTtlMs } = this.#options;
    const answers = await this.#redis.eval(renewLeases, keys.length, ...keys, hub, leaseTtlMs, ...facts);
    return (answers as number[]).map((answer) => renewals[answer] ?? 'lost');
  }

  async release(agentId: string, { epoch }: Pick<Lease, 'epoch'>): Promise<void> {
    await this.#redis.eval(releaseLease, 1, leaseKey(agentId), String(epoch));
  }

  /** @returns whether the key was still there: when not, others may have taken this hub for dead. */
  async sayAlive(): Promise<boolean> {
    const { hub, hubTtlMs } = this.#options;
    return (await this.#redis.set(hubAliveKey(hub), '1', 'PX', hubTtlMs, 'GET')) !== null;
  }

  async sayGone(): Promise<void> {
    await this.#redis.del(hubAliveKey(this.#options.hub));
  }
}
