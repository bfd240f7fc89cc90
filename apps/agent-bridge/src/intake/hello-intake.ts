import { randomUUID } from 'node:crypto';
import { agentHelloStream, limits } from '@viw/contracts';
import type { HelloFrame } from '@viw/contracts';
import type { Clock, Logger } from '@viw/runtime';
import type { Connection } from '../connection/connection';
import { ends, versionTooOld } from '../connection/end-reason';
import type { End } from '../connection/end-reason';
import type { AgentVersions } from '../registry/agent-versions';
import type { HostPolicyNews } from '../registry/host-policy-news';
import type { WorkUnderWay } from '../work-under-way';
import type { Dispatcher } from '../routing/dispatcher';
import type { Publisher } from './publisher';
import type { Rejections } from './rejections';
import type { SessionLog } from './session-log';

export interface HelloIntakeOptions {
  readonly hub: string;
  readonly heartbeatMs: number;
}

export interface HelloIntakeDeps {
  readonly publisher: Publisher;
  readonly sessionLog: Pick<SessionLog, 'connected'>;
  readonly dispatcher: Pick<Dispatcher, 'serve'>;
  readonly policies: Pick<HostPolicyNews, 'greet'>;
  readonly versions: Pick<AgentVersions, 'refusedBelow'>;
  readonly rejections: Pick<Rejections, 'note'>;
  readonly end: (connection: Connection, end: End) => void;
  readonly pending: WorkUnderWay;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** HELLO → `viw.agent_hello` and the session record; WELCOME and commands once Redis has confirmed both. */
export class HelloIntake {
  readonly #options: HelloIntakeOptions;
  readonly #deps: HelloIntakeDeps;

  constructor(options: HelloIntakeOptions, deps: HelloIntakeDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** A repeated HELLO renews what the agent says about itself; the session stays. */
  take(connection: Connection, frame: HelloFrame): void {
    const { logger, pending, versions, rejections, end } = this.#deps;
    const minimum = versions.refusedBelow(connection.agentId, frame.version);
    if (minimum !== undefined) {
      const refused = versionTooOld(minimum);
      rejections.note(
        { code: 'VERSION_TOO_OLD', msg: refused.text, claimedId: connection.agentId },
        connection.ip,
      );
      return end(connection, refused);
    }
    const first = connection.hello === undefined;
    connection.hello = frame;
    logger.info({ event: 'hello', ...connection.logFields, version: frame.version }, 'agent said hello');
    pending.track(this.#welcome(connection, frame, first));
  }

  async #welcome(connection: Connection, frame: HelloFrame, first: boolean): Promise<void> {
    const { publisher, sessionLog, clock, dispatcher, policies, end } = this.#deps;
    const { hub, heartbeatMs } = this.#options;
    const { type: _type, now: _now, nonce: _nonce, ...hello } = frame;
    const received_at = new Date(clock.now()).toISOString();
    const confirmed = await Promise.all([
      publisher.confirmed(agentHelloStream, {
        ...connection.facts(hub),
        received_at,
        ip: connection.ip,
        hello,
      }),
      first ? sessionLog.connected(connection) : true,
    ]);
    if (!confirmed.every(Boolean)) return end(connection, ends.unavailable);
    policies.greet(connection);
    connection.send({
      type: 'WELCOME',
      session_id: connection.sessionId,
      heartbeat_s: Math.ceil(heartbeatMs / 1_000),
      cmd_timeout_s: limits.commandTtlDefaultSeconds,
      now: new Date(clock.now()).toISOString(),
      server_nonce: randomUUID(),
    });
    dispatcher.serve(connection);
  }
}
