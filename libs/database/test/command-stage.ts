import type { CommandEventsBody, ResultFrame } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import {
  type AcceptOptions,
  type CommandRequest,
  CommandProgressRepository,
  CommandReconcileRepository,
  CommandRepository,
  CommandResultRepository,
  type MadeCommand,
  OutboxRepository,
} from '../src/index';
import { type Fixture, fixture, inSeconds } from './fixture';

export type NewCommand = CommandRequest & MadeCommand;
/** As an API client orders it. */
export const command = (agent: string, over: Partial<NewCommand> = {}): NewCommand => ({
  correlation_id: uuidv7(),
  agent_id: agent,
  verb: 'list_users',
  parameters_redacted: { username: 'alice', password: '***' },
  jws: 'a.b.c',
  issued_by: { kind: 'api_client', id: 'client-1', name: 'script' },
  accepted_at: inSeconds(0),
  expires_at: inSeconds(60),
  timeout_s: 30,
  ...over,
});

/** A hub's report. */
export const event = (
  agent: string,
  id: string,
  state: CommandEventsBody['state'],
  reason?: string,
): CommandEventsBody => ({
  correlation_id: id,
  agent_id: agent,
  hub: 'hub-1',
  at: inSeconds(0),
  state,
  ...(reason === undefined ? {} : { reason }),
});

/** A host's. */
export const result = (
  agent: string,
  id: string,
  status: ResultFrame['status'] = 'success',
  resultId = uuidv7(),
) => ({
  event_id: uuidv7(),
  body: {
    hub: 'hub-1',
    session_id: 's',
    epoch: 1,
    received_at: inSeconds(0),
    result: {
      result_id: resultId,
      correlation_id: id,
      agent_id: agent,
      verb: 'list_users',
      status,
      rc: status === 'success' ? 0 : 1,
      stdout: 'out',
      stderr: '',
      truncated: false,
      duration_ms: 1.5,
      started_at: inSeconds(0),
      finished_at: inSeconds(0),
      ...(status === 'success' ? {} : { error: { code: 'ALREADY_EXISTS' as const, msg: 'alice exists' } }),
    },
  },
});

/** A command's way through the tables, each step with the account of the service that takes it. */
export class CommandStage {
  f!: Fixture;
  commands!: CommandRepository;
  progress!: CommandProgressRepository;
  results!: CommandResultRepository;
  reconcile!: CommandReconcileRepository;

  async open(): Promise<void> {
    this.f = await fixture();
    const backend = await this.f.as('viw_backend');
    const writer = await this.f.as('viw_results_writer');
    this.commands = new CommandRepository({ db: backend });
    this.reconcile = new CommandReconcileRepository({ db: backend });
    this.progress = new CommandProgressRepository({ db: writer });
    this.results = new CommandResultRepository({ db: writer });
  }

  take(made: NewCommand, options: AcceptOptions = {}) {
    return this.commands.accept(made, () => made, options);
  }

  async accept(agent: string, over: Partial<NewCommand> = {}): Promise<string> {
    return (await this.take(command(agent, over))).correlation_id;
  }

  async unpublished(id: string) {
    const entries = await new OutboxRepository({ db: this.f.db }).claimBatch(1_000);
    return entries.filter((entry) => entry.correlation_id === id);
  }

  /** As the relay marks it. */
  async publish(id: string): Promise<void> {
    await new OutboxRepository({ db: this.f.db }).markPublished(await this.unpublished(id));
  }

  async statusOf(agent: string, id: string) {
    return (await this.commands.get(agent, id))?.status;
  }
}

export function commandStage(): CommandStage {
  const stage = new CommandStage();
  beforeAll(() => stage.open());
  afterAll(() => stage.f.close());
  return stage;
}
