import { join } from 'node:path';
import type { CommandFrame } from '@viw/contracts';
import { TestBackend } from './backend';
import { TestHub } from './hub';
import { startAgent } from './in-process-agent';
import type { InProcessAgent } from './in-process-agent';
import { scratch } from './scratch';
import { ScriptedHelper } from './scripted-helper';

/** An agent in session with a hub, beside a helper whose answers a test decides. */
export class AgentStage {
  hub!: TestHub;
  backend!: TestBackend;
  helper!: ScriptedHelper;
  agent!: InProcessAgent;

  async open(): Promise<void> {
    this.hub = await new TestHub().start();
    this.helper = await new ScriptedHelper(join(await scratch('helper'), 'h.sock')).start();
    this.agent = await startAgent({ hub: this.hub, backend: this.backend, helperSocket: this.helper.path });
    await this.hub.waitForSession();
  }

  async close(): Promise<void> {
    await this.agent.stop();
    await this.helper.stop();
    await this.hub.kill();
  }

  /** A command, as the hub passes it on. */
  order(changes: Partial<Parameters<TestBackend['command']>[0]> = {}): Promise<CommandFrame> {
    return this.backend.command({ agentId: this.agent.agentId, verb: 'list_users', ...changes });
  }

  resultOf(frame: CommandFrame) {
    return this.hub.waitFor('RESULT', (result) => result.correlation_id === frame.correlation_id);
  }

  acksOf(frame: CommandFrame) {
    return this.hub
      .all('COMMAND_ACK')
      .filter((ack) => ack.correlation_id === frame.correlation_id)
      .map(({ state }) => state);
  }
}

export function agentStage(): AgentStage {
  const stage = new AgentStage();
  beforeAll(async () => {
    stage.backend = await TestBackend.make();
  });
  beforeEach(() => stage.open());
  afterEach(() => stage.close());
  return stage;
}
