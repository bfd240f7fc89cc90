import type { WebSocket } from 'ws';
import { agentFrame, closeCode } from '@viw/contracts';
import { sleep, uuidv7 } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { BridgeMetrics } from '../bridge-metrics';
import type { Dialect } from '../frames/dialect';
import type { FrameReceiver } from '../frames/frame-receiver';
import type { SeenIdentity } from '../handshake/verifier';
import type { SessionLog } from '../intake/session-log';
import type { Lease, LeaseStore } from '../lease/lease-store';
import type { WorkUnderWay } from '../work-under-way';
import type { Dispatcher } from '../routing/dispatcher';
import { Connection } from './connection';
import type { Liveness } from './liveness';
import type { ConnectionTable } from './connection-table';
import { endedByPeer, ends } from './end-reason';
import type { End } from './end-reason';
import type { OutboundQueueOptions } from './outbound-queue';

/** From one wave of closed sockets to the next, milliseconds. */
const WAVE_MS = 20;

const supported = agentFrame.options.map((option) => option.shape.type.value);

export interface SessionsOptions {
  readonly outbound: OutboundQueueOptions;
}

/** An agent whose identity is proven and whose lease is taken. */
export interface Newcomer {
  readonly identity: SeenIdentity;
  readonly ip: string;
  readonly lease: Lease;
  readonly dialect: Dialect;
}

export interface SessionsDeps {
  readonly connections: ConnectionTable;
  readonly receiver: Pick<FrameReceiver, 'receive' | 'control' | 'refuse'>;
  readonly dispatcher: Pick<Dispatcher, 'abandon'>;
  readonly leases: Pick<LeaseStore, 'release'>;
  readonly liveness: Pick<Liveness, 'watch' | 'unwatch'>;
  readonly sessionLog: Pick<SessionLog, 'disconnected' | 'replaced'>;
  readonly pending: WorkUnderWay;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
  readonly logger: Logger;
}

/** Begins and ends connections: the one place that knows everything that hangs on one. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #deps: SessionsDeps;

  constructor(options: SessionsOptions, deps: SessionsDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Takes over a socket whose agent is proven and whose lease is taken. @returns the connection, open */
  open(socket: WebSocket, { identity, ip, lease, dialect }: Newcomer): Connection {
    const { agentId, way } = identity;
    const { connections, clock, metrics, logger } = this.#deps;
    const now = clock.now();
    const connection = new Connection(
      {
        agentId,
        identity,
        ip,
        ...lease,
        sessionId: uuidv7(),
        openedAt: now,
        outbound: this.#options.outbound,
      },
      { socket, dialect, metrics, onOverflow: (overflowing) => this.end(overflowing, ends.overflow) },
    );
    const predecessor = connections.get(agentId);
    if (predecessor) this.end(predecessor, ends.replaced, connection.sessionId);
    connections.add(connection);
    this.#deps.liveness.watch(connection);
    this.#listen(connection, socket);
    metrics.connects.inc();
    const facts = { ...connection.logFields, epoch: lease.epoch, way, dialect: dialect.name };
    logger.info({ event: 'agent_connected', ...facts }, 'agent connected');
    if (way === 'legacy')
      logger.warn({ event: 'legacy_admitted', ...connection.logFields }, 'admitted by its address alone');
    connection.send({
      type: 'HELLO_ACK',
      server_time: new Date(now).toISOString(),
      supported: [...supported],
      agent_id: agentId,
      conn_id: connection.connId,
    });
    return connection;
  }

  /** Ends a connection, once: record, commands back to where they can be reached, lease. Safe to call again. */
  end(connection: Connection, end: End, replacedBy?: string): void {
    if (connection.ended) return;
    const { connections, metrics, logger, sessionLog, dispatcher, pending, leases } = this.#deps;
    connection.ended = true;
    connections.remove(connection);
    this.#deps.liveness.unwatch(connection);
    connection.close(end.code, end.text, end);
    metrics.disconnects.inc({ reason: end.reason });
    const facts = { ...connection.logFields, reason: end.reason, code: end.code };
    logger.info({ event: 'agent_disconnected', ...facts }, 'agent disconnected');
    if (connection.hello) {
      if (replacedBy !== undefined) sessionLog.replaced(connection, replacedBy);
      sessionLog.disconnected(connection, end);
    }
    // In this order on one Redis connection: its commands are in the mailbox before anyone can see the agent as gone.
    dispatcher.abandon(connection);
    pending.track(
      leases.release(connection.agentId, connection).catch((error: unknown) => {
        logger.warn(
          { event: 'lease_release_failed', ...connection.logFields, error },
          'the lease will run out',
        );
      }),
    );
  }

  /** In waves spread over `overMs`, so that the agents do not all come to another hub at one instant. */
  async endAll(end: End, overMs: number): Promise<void> {
    const all = [...this.#deps.connections.all()];
    const size = Math.ceil((all.length * WAVE_MS) / Math.max(overMs, WAVE_MS));
    for (let from = 0; from < all.length; from += size) {
      if (from > 0) await sleep(WAVE_MS);
      for (const connection of all.slice(from, from + size)) this.end(connection, end);
    }
  }

  #listen(connection: Connection, socket: WebSocket): void {
    const { receiver, logger } = this.#deps;
    socket.on('message', (data, isBinary) => receiver.receive(connection, data as Buffer, isBinary));
    socket.on('ping', () => receiver.control(connection));
    socket.on('pong', () => receiver.control(connection));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      logger.debug({ event: 'socket_error', ...connection.logFields, error }, 'socket failed');
      // What violates RFC 6455 itself: ws has sent the close frame.
      if (!error.code?.startsWith('WS_ERR_')) return;
      const tooLarge = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
      receiver.refuse(connection, tooLarge ? 'too_large' : 'malformed', error.code);
      if (tooLarge) this.end(connection, ends.tooLarge);
    });
    socket.on('close', (code) => this.end(connection, endedByPeer(code || closeCode.tryLater)));
  }
}
