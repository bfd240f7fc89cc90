import { eventually } from '@viw/testing';
import { HubStage } from './hub-stage';
import { signed, upgrade } from './test-agent';
import type { TestHub } from './test-hub';
import { TestRegistry } from './test-registry';

/** Hubs, and the registry that they follow. */
export class RegistryStage extends HubStage {
  registry!: TestRegistry;

  override async open(): Promise<void> {
    await super.open();
    this.registry = new TestRegistry(this.redis);
  }

  async readiness({ opsUrl }: Pick<TestHub, 'opsUrl'>) {
    const response = await fetch(`${opsUrl}/internal/readyz`);
    const { checks } = (await response.json()) as {
      checks: Record<string, { ok: boolean; reason?: string }>;
    };
    return { status: response.status, registry: checks['registry'] };
  }

  /** Waits until the hub has heard of this version: of the newest one by default. */
  settled(hub: Pick<TestHub, 'opsUrl'>, version = this.registry.version): Promise<void> {
    return eventually(async () =>
      expect((await this.readiness(hub)).registry?.reason).toContain(`version ${version},`),
    );
  }

  /** Status and code with which the shared secret is refused for this gateway. */
  async refusalOf({ port }: Pick<TestHub, 'port'>, agentId: string): Promise<string> {
    const { status, body } = await upgrade(port, signed(agentId));
    return `${status} ${body.error?.code}`;
  }
}

export function registryStage(scope: 'all' | 'each' = 'each'): RegistryStage {
  const stage = new RegistryStage();
  (scope === 'all' ? beforeAll : beforeEach)(() => stage.open());
  (scope === 'all' ? afterAll : afterEach)(() => stage.close());
  return stage;
}
