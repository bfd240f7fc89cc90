import { FaultProxy } from '../faults/fault-proxy';
import { LoadBalancer } from '../faults/load-balancer';
import type { Undo } from '../world/undo';

/** Every connection of the world by name, each through a proxy that can be told to misbehave. */
export class Wiring {
  readonly wires = new Map<string, FaultProxy>();
  readonly #undo: Undo;

  constructor({ undo }: { undo: Undo }) {
    this.#undo = undo;
  }

  /** @param target port on 127.0.0.1 */
  async wire(name: string, target: number): Promise<FaultProxy> {
    const proxy = await FaultProxy.start(target);
    this.#endsLast(proxy);
    this.wires.set(name, proxy);
    return proxy;
  }

  /** One port for several replicas. */
  async balanced(ports: readonly number[]): Promise<number> {
    const balancer = await LoadBalancer.start(ports);
    this.#endsLast(balancer);
    return balancer.port;
  }

  /** Whatever runs needs its wires for an orderly end. */
  #endsLast(part: { stop(): Promise<unknown> }): void {
    this.#undo.unshift(() => part.stop());
  }
}
