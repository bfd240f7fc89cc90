import { agentSessionsStream } from '@viw/contracts';
import type { Clock, Logger } from '@viw/runtime';
import type { BridgeMetrics } from '../bridge-metrics';
import { TokenBucket } from '../connection/token-bucket';
import type { Refusal } from '../handshake/verifier';
import type { Publisher } from './publisher';

export interface RejectionsDeps {
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
  readonly logger: Logger;
}

/**
 * Refused handshakes and HELLOs. All are counted; log lines and stream entries are limited to 5 per second (burst 20), because
 * anyone can cause them.
 */
export class Rejections {
  readonly #hub: string;
  readonly #deps: RejectionsDeps;
  readonly #recorded: TokenBucket;

  constructor({ hub }: { hub: string }, deps: RejectionsDeps) {
    this.#hub = hub;
    this.#deps = deps;
    this.#recorded = new TokenBucket({ perSecond: 5, burst: 20 }, deps.clock.now());
  }

  note({ code, msg, claimedId }: Pick<Refusal, 'msg' | 'claimedId'> & { code: string }, ip: string): void {
    const { publisher, clock, metrics, logger } = this.#deps;
    metrics.rejects.inc({ reason: code });
    const now = clock.now();
    if (!this.#recorded.take(now)) return;
    const facts = { event: 'handshake_refused', ip, agent_id: claimedId, reason: code, detail: msg };
    logger.warn(facts, 'agent refused');
    const at = new Date(now).toISOString();
    const agent = claimedId === undefined ? {} : { agent_id: claimedId };
    const body = { kind: 'rejected', hub: this.#hub, ...agent, ip, at, reason: code } as const;
    void publisher.confirmed(agentSessionsStream, body, { priority: 'telemetry' });
  }
}
