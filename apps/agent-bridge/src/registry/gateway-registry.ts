import type { GatewayRegistryBody, GatewayRegistrySnapshot, RegistryEntry } from '@viw/contracts';

/** What has changed: one gateway, or perhaps every one. */
export type RegistryChange =
  { readonly kind: 'gateway'; readonly agentId: string } | { readonly kind: 'everything' };

export interface GatewayRegistryDeps {
  /** Called when the registry is the new one already. */
  readonly onChange: (change: RegistryChange) => void;
  /** What hosts are to be told is another than before. */
  readonly onHostPolicies?: () => void;
}

/**
 * The gateways as this hub knows them, at one version that never goes back. Before the first snapshot it knows nothing,
 * and whoever asks it is to refuse.
 */
export class GatewayRegistry {
  readonly #deps: GatewayRegistryDeps;
  readonly #byAgent = new Map<string, RegistryEntry>();
  readonly #byCertificate = new Map<string, RegistryEntry>();
  #version: number | undefined;
  #frozen = false;
  #hostPolicies: readonly string[] = [];
  /** Version of a freeze that came before the deltas that lead to it. */
  #frozenAhead = 0;
  /** Newest version of which a delta has come. */
  #announced = 0;

  constructor(deps: GatewayRegistryDeps) {
    this.#deps = deps;
  }

  get isLoaded(): boolean {
    return this.#version !== undefined;
  }

  get version(): number | undefined {
    return this.#version;
  }

  /** A change is known to have happened, and is not in force here. */
  get isBehind(): boolean {
    return this.#announced > (this.#version ?? 0);
  }

  get size(): number {
    return this.#byAgent.size;
  }

  /** The emergency stop; without a registry too. */
  get isFrozen(): boolean {
    return this.#version === undefined || this.#frozen || this.#frozenAhead > this.#version;
  }

  /** Signed by the backend, for hosts; oldest first. Another array when they change. */
  get hostPolicies(): readonly string[] {
    return this.#hostPolicies;
  }

  entry(agentId: string): RegistryEntry | undefined {
    return this.#byAgent.get(agentId);
  }

  /** Whose it is, or was until it was renewed. @param sha256 in lower-case hex */
  withCertificate(sha256: string): RegistryEntry | undefined {
    return this.#byCertificate.get(sha256);
  }

  /** Takes the place of everything known. False, and nothing has changed, when it is older. */
  load({ version, frozen, gateways, host_policies = [] }: GatewayRegistrySnapshot): boolean {
    if (version < (this.#version ?? 0)) return false;
    this.#byAgent.clear();
    this.#byCertificate.clear();
    for (const entry of gateways) this.#put(entry);
    this.#version = version;
    this.#frozen = frozen;
    this.#deps.onChange({ kind: 'everything' });
    this.#tell(host_policies);
    return true;
  }

  /**
   * `known`: nothing new. `gap`: others are missing before it, so the snapshot is to be loaded; of such a delta only a
   * freeze takes effect, at once.
   */
  apply(delta: GatewayRegistryBody): 'applied' | 'known' | 'gap' {
    this.#announced = Math.max(this.#announced, delta.version);
    if (this.#version !== undefined && delta.version <= this.#version) return 'known';
    if (this.#version === undefined || delta.version > this.#version + 1) {
      if (delta.kind === 'freeze' && delta.frozen) this.#frozenAhead = delta.version;
      return 'gap';
    }
    this.#version = delta.version;
    if (delta.kind === 'freeze') this.#frozen = delta.frozen;
    else if (delta.kind === 'host_policy') this.#tell(delta.policies);
    else {
      this.#put(delta.entry);
      this.#deps.onChange({ kind: 'gateway', agentId: delta.entry.agent_id });
    }
    return 'applied';
  }

  #tell(policies: readonly string[]): void {
    if (policies.length === this.#hostPolicies.length && policies.at(-1) === this.#hostPolicies.at(-1))
      return;
    this.#hostPolicies = policies;
    this.#deps.onHostPolicies?.();
  }

  #put(entry: RegistryEntry): void {
    for (const former of certificatesOf(this.#byAgent.get(entry.agent_id)))
      if (this.#byCertificate.get(former)?.agent_id === entry.agent_id) this.#byCertificate.delete(former);
    this.#byAgent.set(entry.agent_id, entry);
    const { certificate_sha256: present, state } = entry;
    // A certificate that was taken from one gateway may be another's now: the one that it opens counts.
    for (const certificate of certificatesOf(entry))
      if ((certificate === present && state === 'active') || !this.#byCertificate.has(certificate))
        this.#byCertificate.set(certificate, entry);
  }
}

const certificatesOf = (entry: RegistryEntry | undefined): string[] =>
  [entry?.certificate_sha256, entry?.former_certificate?.sha256].filter((sha256) => sha256 !== undefined);
