import type { AgentObservation, AgentsPlan } from './agents/agents-role';
import type { CommandArrival } from './agents/simulated-agent';
import { agentIdsOf } from './agent-id';
import { SimulatorProcess } from './process/simulator-process';

export interface FleetOptions extends Omit<AgentsPlan, 'count'> {
  readonly agents: number;
  /** The agents are spread over so many. */
  readonly processes: number;
  /** Of this package. */
  readonly bundle: string;
}

/** A fleet of simulated agents in processes of their own. */
export class SimulatedFleet {
  readonly agentIds: readonly string[];
  readonly #options: FleetOptions;
  readonly #processes: readonly SimulatorProcess<'agents'>[];

  constructor(options: FleetOptions) {
    const { processes, bundle } = options;
    this.#options = options;
    this.agentIds = agentIdsOf(options);
    this.#processes = Array.from(
      { length: processes },
      () => new SimulatorProcess({ role: 'agents', bundle }),
    );
  }

  /** Returns when all processes have begun to dial. */
  async start(): Promise<void> {
    const { agents, processes, bundle: _bundle, first, ...plan } = this.#options;
    const starts = this.#processes.map((process, i) => {
      const from = Math.floor((agents * i) / processes);
      const count = Math.floor((agents * (i + 1)) / processes) - from;
      return process.call('start', { ...plan, first: first + from, count });
    });
    await Promise.all(starts);
  }

  /** How many agents have a session now. */
  async welcomed(): Promise<number> {
    const counts = await Promise.all(this.#processes.map((process) => process.call('welcomed')));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async observe(): Promise<AgentObservation[]> {
    return (await Promise.all(this.#processes.map((process) => process.call('observe')))).flat();
  }

  /** Commands that arrived since the last time. */
  async takeArrivals(): Promise<CommandArrival[]> {
    return (await Promise.all(this.#processes.map((process) => process.call('takeArrivals')))).flat();
  }

  /** Every agent says goodbye to its hub. */
  async leave(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.call('stop')));
  }

  /** At once. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}
