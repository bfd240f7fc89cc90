import { createHash } from 'node:crypto';
import { SshConnection, type SshConnectOptions } from '../ssh-connection';
import type { CircuitBreakerOptions } from './circuit-breaker';
import { FairSlots } from './fair-slots';
import { ServerLane, type ServerLaneOptions } from './server-lane';

export interface SshPoolOptions extends Partial<Omit<ServerLaneOptions, 'breaker'>> {
  /**
   * Pieces of work at once on one server. Each runs one command at a time beside the common SFTP channel, and sshd
   * allows 10 channels of a connection (`MaxSessions`). Default 6, at most 9.
   */
  readonly perServer?: number;
  /** Pieces of work at once on all servers together. Default 64. */
  readonly total?: number;
  readonly breaker?: Partial<CircuitBreakerOptions>;
}

/** A server for as long as a piece of work goes on. */
export interface PooledServer {
  /** Alive when it is handed out. Belongs to the pool: whoever gets it MUST NOT close it. */
  readonly connect: () => Promise<SshConnection>;
  /** `work` runs while nothing else runs so on this server through this pool. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

const DEFAULTS = {
  attempts: 4,
  backoff: { baseMs: 250, capMs: 5_000 },
  idleMs: 60_000,
  wayTimeoutMs: 40_000,
} as const;
/** Of one connection, and of one way through a jump host. */
const ONE_ATTEMPT_MS = 15_000;
const BREAKER = { failures: 3, coolDownMs: 5_000, longestMs: 300_000 } as const;

/**
 * One connection per server and sign-in, shared by all work on it: thirty deployments to one server sign in once, where
 * sshd refuses the eleventh of those who have not signed in yet (`MaxStartups`). MUST be safe for concurrent use.
 */
export class SshPool {
  readonly #lanes = new Map<string, ServerLane>();
  readonly #slots: FairSlots;
  readonly #options: ServerLaneOptions;

  constructor({ perServer = 6, total = 64, breaker = {}, ...lane }: SshPoolOptions = {}) {
    this.#slots = new FairSlots({ perKey: Math.min(9, Math.max(1, perServer)), total });
    this.#options = { ...DEFAULTS, ...lane, breaker: { ...BREAKER, ...breaker } };
  }

  /**
   * Waits for a turn, then runs `work`. Another credential or another pinned host key is another lane: what failed with
   * the former one holds nobody up.
   * @param signal ends the waiting only
   */
  use<T>(
    login: SshConnectOptions,
    work: (server: PooledServer) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const key = laneKey(login);
    return this.#slots.run(
      key,
      () => {
        const lane = this.#lane(key, login);
        const server: PooledServer = {
          connect: () => lane.connection(),
          exclusively: (piece) => lane.exclusively(piece),
        };
        return lane.used(
          () => work(server),
          () => this.#forget(key, lane),
        );
      },
      signal,
    );
  }

  /** Closes what is open. Work that is still going on loses its connection. */
  async stop(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    await Promise.all(lanes.map((lane) => lane.close()));
  }

  #lane(key: string, login: SshConnectOptions): ServerLane {
    const known = this.#lanes.get(key);
    if (known) return known;
    const lane = new ServerLane(this.#options, (limitMs) => this.#connect(login, limitMs));
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Through the jump host's own lane, which many servers share. */
  async #connect(login: SshConnectOptions, limitMs: number): Promise<SshConnection> {
    const begin = performance.now();
    const attemptMs = login.connectTimeoutMs ?? ONE_ATTEMPT_MS;
    const limited = (): SshConnectOptions => {
      const left = Math.max(1, Math.ceil(limitMs - (performance.now() - begin)));
      return { ...login, connectTimeoutMs: Math.min(attemptMs, left) };
    };
    if (!login.jump) return SshConnection.connect(limited());
    const key = laneKey(login.jump);
    const jump = this.#lane(key, login.jump);
    const onIdle = (): void => this.#forget(key, jump);
    return jump.used(async () => {
      const way = await jump.wayTo(login.host, login.port, Math.min(attemptMs, limitMs));
      const connection = await SshConnection.connect(limited(), way);
      // In use for as long as what goes through it.
      void jump.used(() => connection.closed, onIdle);
      return connection;
    }, onIdle);
  }

  #forget(key: string, lane: ServerLane): void {
    if (lane.forgettable && this.#lanes.get(key) === lane) this.#lanes.delete(key);
  }
}

/** A digest, so that no credential is a key of a map. */
const laneKey = (login: SshConnectOptions): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(login).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('base64');
