import {
  contestsKey,
  epochKey,
  hubAliveKey,
  hubEntriesStream,
  hubRegisterKey,
  hubStream,
  leaseKey,
  mailboxStream,
  rivalClaimKey,
} from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import type { Redis } from '@viw/streams';
import { releaseLease, renewLeases, sayAlive, takeLease, tellReplaced } from './lease-scripts';

/** How long an agent's last epoch is remembered; a later one is higher all the same, because epochs follow Redis's clock. */
const EPOCH_TTL_MS = 7 * 24 * 3_600_000;

export interface Lease {
  readonly connId: string;
  /** Fencing token: rises with every connection of the agent, on whichever hub. */
  readonly epoch: number;
}

export interface HeldLease extends Lease {
  readonly agentId: string;
  /** Where the agent dialled from. */
  readonly ip: string;
}

/** A lease that another connection has replaced. */
export interface FormerLease {
  readonly agentId: string;
  readonly hub: string;
  readonly epoch: number;
}

export type Claim =
  | { readonly kind: 'taken'; readonly lease: Lease; readonly former: FormerLease | undefined }
  /** Another live host has the id. `begins`: nobody had noticed until now. */
  | { readonly kind: 'contested'; readonly begins: boolean };

/** `undrained`: the agent is not served, or something waits in its mailbox. */
export type Renewal = 'renewed' | 'undrained' | 'lost';

const renewals: readonly Renewal[] = ['lost', 'renewed', 'undrained'];

export interface LeaseStoreOptions {
  readonly hub: string;
  /** Milliseconds. */
  readonly leaseTtlMs: number;
  /** Milliseconds. */
  readonly hubTtlMs: number;
  /** A second claim from another address within this time begins a contest, milliseconds. */
  readonly rivalClaimMs: number;
  /** How long a contest lasts after its last claim: longer than a refused agent waits, milliseconds. */
  readonly contestMs: number;
}

/** The leases of this hub, and the key that tells other hubs that it lives. Every method rejects without Redis. */
export class LeaseStore {
  readonly #options: LeaseStoreOptions;
  readonly #redis: Redis;

  constructor(options: LeaseStoreOptions, { redis }: { redis: Redis }) {
    this.#options = options;
    this.#redis = redis;
  }

  /** @param mayContest false: the newest claim wins, and nothing is remembered of it */
  async take(
    agentId: string,
    connId: string,
    ip: string,
    { mayContest }: { readonly mayContest: boolean },
  ): Promise<Claim> {
    const { hub, leaseTtlMs, rivalClaimMs, contestMs } = this.#options;
    const keys = [epochKey(agentId), leaseKey(agentId), rivalClaimKey(agentId), contestsKey];
    const facts = [
      ...[hub, connId, leaseTtlMs, ip, agentId, rivalClaimMs, contestMs],
      ...[mayContest ? 1 : 0, EPOCH_TTL_MS],
    ];
    const answer = await this.#redis.eval(takeLease, keys.length, ...keys, ...facts);
    const [outcome, epoch, formerHub = '', formerEpoch = ''] = answer as string[];
    if (outcome !== 'taken') return { kind: 'contested', begins: outcome === 'contested' };
    const former = { agentId, hub: formerHub, epoch: Number(formerEpoch) };
    return {
      kind: 'taken',
      lease: { connId, epoch: Number(epoch) },
      former: formerHub === '' ? undefined : former,
    };
  }

  /** So that the hub that had it closes the former connection now and not when it renews its leases. */
  async tellReplaced({ agentId, hub, epoch }: FormerLease): Promise<void> {
    const { fields } = encodeEntry(hubEntriesStream, { kind: 'replaced', agent_id: agentId, epoch });
    await this.#redis.eval(tellReplaced, 2, hubStream(hub), hubAliveKey(hub), ...fields);
  }

  /** In the order given. */
  async renew(leases: readonly HeldLease[]): Promise<Renewal[]> {
    const keys = leases.flatMap(({ agentId }) => [
      epochKey(agentId),
      leaseKey(agentId),
      mailboxStream(agentId),
    ]);
    const facts = leases.flatMap(({ epoch, connId, ip }) => [String(epoch), connId, ip]);
    const { hub, leaseTtlMs } = this.#options;
    const times = [leaseTtlMs, EPOCH_TTL_MS];
    const answers = await this.#redis.eval(renewLeases, keys.length, ...keys, hub, ...times, ...facts);
    return (answers as number[]).map((answer) => renewals[answer] ?? 'lost');
  }

  async release(agentId: string, { epoch }: Pick<Lease, 'epoch'>): Promise<void> {
    await this.#redis.eval(releaseLease, 1, leaseKey(agentId), String(epoch));
  }

  /** @returns whether the key was still there: when not, others may have taken this hub for dead. */
  async sayAlive(): Promise<boolean> {
    const { hub, hubTtlMs } = this.#options;
    const answer = await this.#redis.eval(sayAlive, 2, hubAliveKey(hub), hubRegisterKey, hub, hubTtlMs);
    return answer === 1;
  }

  async sayGone(): Promise<void> {
    await this.#redis.del(hubAliveKey(this.#options.hub));
  }
}
