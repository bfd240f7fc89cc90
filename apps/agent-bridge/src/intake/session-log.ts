import { setImmediate as immediate } from 'node:timers/promises';
import { agentSessionsStream } from '@viw/contracts';
import type { Clock } from '@viw/runtime';
import type { Connection } from '../connection/connection';
import type { ConnectionTable } from '../connection/connection-table';
import type { End } from '../connection/end-reason';
import type { Publisher } from './publisher';

/** An entry that takes a millisecond or two to make. */
const SESSIONS_PER_ENTRY = 500;

export interface SessionLogDeps {
  readonly publisher: Publisher;
  readonly connections: ConnectionTable;
  readonly clock: Clock;
}

/** What becomes of sessions, in `viw.agent_sessions`. */
export class SessionLog {
  readonly #hub: string;
  readonly #deps: SessionLogDeps;
  #heartbeatsAt = 0;

  constructor({ hub }: { hub: string }, deps: SessionLogDeps) {
    this.#hub = hub;
    this.#deps = deps;
  }

  connected(connection: Connection): Promise<boolean> {
    return this.#deps.publisher.confirmed(agentSessionsStream, {
      kind: 'connected',
      ...this.#session(connection),
      way: connection.identity.way,
      dialect: connection.dialect.name,
    });
  }

  disconnected(connection: Connection, { reason, code }: End): void {
    const session = this.#session(connection);
    void this.#deps.publisher.confirmed(agentSessionsStream, {
      kind: 'disconnected',
      ...session,
      reason,
      code,
    });
  }

  replaced(connection: Connection, bySessionId: string): void {
    const body = { kind: 'replaced', ...this.#session(connection), by_session_id: bySessionId } as const;
    void this.#deps.publisher.confirmed(agentSessionsStream, body);
  }

  /** Liveness of all sessions from which something came since the last time, in few entries, other work in between. */
  async heartbeats(): Promise<void> {
    const since = this.#heartbeatsAt;
    const now = this.#deps.clock.now();
    this.#heartbeatsAt = now;
    const at = new Date(now).toISOString();
    const seen = [...this.#deps.connections.all()].filter(
      ({ hello, lastSeenAt }) => hello && lastSeenAt >= since,
    );
    for (let from = 0; from < seen.length; from += SESSIONS_PER_ENTRY) {
      if (from > 0) await immediate();
      const sessions = seen
        .slice(from, from + SESSIONS_PER_ENTRY)
        .map(({ agentId, sessionId, lastSeenAt }) => ({
          agent_id: agentId,
          session_id: sessionId,
          last_heartbeat_at: new Date(lastSeenAt).toISOString(),
        }));
      const body = { kind: 'heartbeats', hub: this.#hub, at, sessions } as const;
      void this.#deps.publisher.confirmed(agentSessionsStream, body);
    }
  }

  #session(connection: Connection) {
    return {
      ...connection.facts(this.#hub),
      agent_id: connection.agentId,
      conn_id: connection.connId,
      ip: connection.ip,
      at: new Date(this.#deps.clock.now()).toISOString(),
    };
  }
}
