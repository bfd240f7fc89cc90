import { createLogger } from '@viw/runtime';
import { monotonicMs } from '../monotonic';
import { type CommandArrival, SimulatedAgent, type SimulatedAgentOptions } from './simulated-agent';

export interface AgentsPlan extends Omit<SimulatedAgentOptions, 'n'> {
  /** Numbers of the agents: from `first`, `count` of them. */
  readonly first: number;
  readonly count: number;
}

export interface AgentObservation {
  readonly agentId: string;
  /** As the hub has named it in WELCOME; undefined while there is none. */
  readonly sessionId: string | undefined;
  readonly heartbeatsMissed: number;
  /** When its sessions began, monotonic milliseconds. */
  readonly welcomedAt: readonly number[];
}

/** Real agents' connections by the thousand, on simulated hosts. */
export class AgentsRole {
  #agents: readonly SimulatedAgent[] = [];
  readonly #arrivals: CommandArrival[] = [];

  /** Returns at once; the agents dial within the plan's spread. */
  async start({ first, count, ...plan }: AgentsPlan): Promise<void> {
    const logger = createLogger({ service: 'simulator', level: 'silent' });
    this.#agents = Array.from(
      { length: count },
      (_, i) =>
        new SimulatedAgent(
          { ...plan, n: first + i },
          { logger, onCommand: (arrival) => this.#arrivals.push(arrival) },
        ),
    );
    for (const agent of this.#agents) agent.start();
  }

  /** How many have a session now. */
  async welcomed(): Promise<number> {
    return this.#agents.filter(({ sessionId }) => sessionId !== undefined).length;
  }

  async observe(): Promise<AgentObservation[]> {
    const now = monotonicMs();
    return this.#agents.map(({ agentId, sessionId, heartbeats, welcomedAt }) => ({
      agentId,
      sessionId,
      heartbeatsMissed: heartbeats.missed(now),
      welcomedAt,
    }));
  }

  /** Commands that arrived since the last time. */
  async takeArrivals(): Promise<CommandArrival[]> {
    return this.#arrivals.splice(0);
  }

  /** With a proper goodbye. */
  async stop(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    this.#agents = [];
  }
}
