import { randomUUID } from 'node:crypto';
import { gatewayRegistryStream, registrySnapshotKey } from '@viw/contracts';
import type { GatewayRegistryBody, GatewayRegistrySnapshot, RegistryEntry } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import type { Redis } from '@viw/streams';

/** Gateways that every test hub knows: `uniqueAgent` hands out one after the other. */
const registeredIds = Array.from({ length: 1_000 }, () => `gw-${randomUUID()}`);
let given = 0;

export const uniqueAgent = (): string => {
  const id = registeredIds[given++];
  if (id === undefined) throw new Error('every registered gateway of this test file is in use');
  return id;
};

/** In no registry. */
export const unknownAgent = (): string => `gw-${randomUUID()}`;

export const active = (agentId: string, more: Partial<RegistryEntry> = {}): RegistryEntry => ({
  agent_id: agentId,
  state: 'active',
  ...more,
});

export const registeredGateways = (): RegistryEntry[] => registeredIds.map((id) => active(id));

/** As the backend does it. */
export async function putSnapshot(
  redis: Pick<Redis, 'hset'>,
  {
    version = 0,
    frozen = false,
    gateways = registeredGateways(),
    host_policies,
  }: Partial<GatewayRegistrySnapshot> = {},
): Promise<void> {
  const body = JSON.stringify({ version, frozen, gateways, host_policies });
  await redis.hset(registrySnapshotKey, 'version', version, 'body', body);
}

/** The backend's side of the registry: each change is the next version, in the snapshot and as a delta. */
export class TestRegistry {
  readonly #gateways = new Map(registeredGateways().map((entry) => [entry.agent_id, entry]));
  #version = 0;
  #frozen = false;
  #policies: string[] | undefined;

  constructor(private readonly redis: Redis) {}

  get version(): number {
    return this.#version;
  }

  gateway(entry: RegistryEntry): Promise<void> {
    this.#gateways.set(entry.agent_id, entry);
    return this.#tell({ kind: 'gateway', version: ++this.#version, entry });
  }

  freeze(frozen: boolean): Promise<void> {
    this.#frozen = frozen;
    return this.#tell({ kind: 'freeze', version: ++this.#version, frozen });
  }

  hostPolicies(policies: string[]): Promise<void> {
    this.#policies = policies;
    return this.#tell({ kind: 'host_policy', version: ++this.#version, policies });
  }

  /** A change whose delta never arrives and whose snapshot is not there yet. */
  silently(entry: RegistryEntry): void {
    this.#gateways.set(entry.agent_id, entry);
    this.#version += 1;
  }

  putSnapshot(): Promise<void> {
    const gateways = [...this.#gateways.values()];
    return putSnapshot(this.redis, {
      version: this.#version,
      frozen: this.#frozen,
      gateways,
      host_policies: this.#policies,
    });
  }

  async delta(body: GatewayRegistryBody): Promise<void> {
    const { fields } = encodeEntry(gatewayRegistryStream, body);
    await this.redis.xadd(gatewayRegistryStream.stream, '*', ...fields);
  }

  async #tell(body: GatewayRegistryBody): Promise<void> {
    await this.delta(body);
    await this.putSnapshot();
  }
}
