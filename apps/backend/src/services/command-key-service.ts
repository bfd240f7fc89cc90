import type { CommandKeyList } from '@viw/contracts';
import type { Repositories } from '../store';
import type { KeyRotation } from '../trust/key-rotation';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface CommandKeyServiceDeps {
  readonly repositories: Pick<Repositories, 'commandKeys' | 'hostPolicies'>;
  readonly rotation: Pick<KeyRotation, 'begin'>;
  readonly writes: IdempotentWrites;
}

/** The backend's own keys, as people see and turn them. */
export class CommandKeyService {
  constructor(private readonly deps: CommandKeyServiceDeps) {}

  list(): Promise<CommandKeyList> {
    return listOf(this.deps.repositories);
  }

  /** @throws AppError CONFLICT while a rotation is under way */
  rotate(write: WriteRequest): Promise<CommandKeyList> {
    return this.deps.writes.perform(write, async (repositories) => {
      const kid = await this.deps.rotation.begin(repositories);
      return {
        answer: await listOf(repositories),
        audit: { action: 'command_keys.rotate', object: { kind: 'command_key', id: kid }, detail: {} },
      };
    });
  }
}

async function listOf({
  commandKeys,
  hostPolicies,
}: Pick<Repositories, 'commandKeys' | 'hostPolicies'>): Promise<CommandKeyList> {
  return { items: await commandKeys.list(), host_policy_version: await hostPolicies.latestVersion() };
}
