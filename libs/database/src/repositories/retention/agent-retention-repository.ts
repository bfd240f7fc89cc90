import type { RepositoryDeps } from '../repository';
import { type Forgetting, forget } from './forgetting';

/** What gateways did, until it is old. Two callers at once are harmless: neither waits for what the other deletes. */
export class AgentRetentionRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Ended so long ago; never the newest of an agent. */
  sessions(step: Forgetting): Promise<number> {
    return forget(this.deps, 'forget_agent_sessions', step);
  }

  events(step: Forgetting): Promise<number> {
    return forget(this.deps, 'forget_agent_events', step);
  }
}
