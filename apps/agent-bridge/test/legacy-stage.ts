import { eventually } from '@viw/testing';
import { HubStage } from './hub-stage';
import { LegacyAgent } from './legacy-agent';
import { uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';

/** A hub that lets agents in by their addresses. */
export class LegacyStage extends HubStage {
  readonly #bound = Array.from({ length: 40 }, (_, n) => ({
    address: `127.0.7.${n + 10}`,
    id: uniqueAgent(),
  }));
  #dialled = 0;
  hub!: TestHub;

  override async open(): Promise<void> {
    await super.open();
    const agents = this.#bound.map(({ address, id }) => `${id}@${address}/32`);
    this.hub = await this.startHub({
      AGENT_BRIDGE_HEARTBEAT_S: '1',
      AGENT_BRIDGE_LEGACY_AGENTS: [...agents, 'gw-network@127.0.8.0/24'].join(','),
    });
  }

  /** Another agent each time: its address is its identity. */
  async dial(): Promise<LegacyAgent> {
    const next = this.#bound[this.#dialled++];
    if (next === undefined) throw new Error('no address is left');
    return LegacyAgent.dial(this.hub.url, next.id, next.address);
  }

  addressOf(agentId: string): string {
    return this.#bound.find(({ id }) => id === agentId)?.address ?? '';
  }

  /** As `dial`, and said HELLO. */
  async joined(more: object = {}): Promise<LegacyAgent> {
    const agent = await this.dial();
    agent.hello(more);
    await this.served(agent);
    return agent;
  }

  served(agent: LegacyAgent): Promise<void> {
    return eventually(() => expect(agent.ignored).toContain('WELCOME'), { everyMs: 10 });
  }
}

export function legacyStage(): LegacyStage {
  const stage = new LegacyStage();
  beforeAll(() => stage.open());
  afterAll(() => stage.close());
  return stage;
}
