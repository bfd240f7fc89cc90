import { createHash } from 'node:crypto';
import type { VerbArguments } from '@viw/commands';
import { AppError } from '@viw/runtime';
import { z } from 'zod';
import { engineFailure } from './engine-client';
import type { EngineAnswer, EngineClient, EngineRequest } from './engine-client';

/** What carries it is a session's container, and the helper's to touch; nothing else is. */
const SESSION_LABEL = 'viw.session';
const USER_LABEL = 'viw.user';

const MIB = 1024 * 1024;
const DEFAULT_CPU = 1;
const DEFAULT_MEM_MB = 1_024;
const PROCESSES = 512;
/** Between the engine's SIGTERM and SIGKILL, seconds. */
const STOP_GRACE_S = 10;

export interface SessionContainersOptions {
  /** References, or repositories of which any tag or digest may be used. The first is the default. */
  readonly images: readonly string[];
  /** Egress profile → network of the engine. A profile that is not here cannot be asked for. */
  readonly networks: Readonly<Partial<Record<EgressProfile, string>>>;
}

type EgressProfile = NonNullable<VerbArguments<'spawn_container'>['egress_profile']>;

export interface SessionContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly sessionId: string;
  readonly username: string | undefined;
}

const labels = z.record(z.string(), z.string()).nullish();
const created = z.object({ Id: z.string().min(1) });
const listed = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    Image: z.string(),
    State: z.string(),
    Labels: labels,
  }),
);
const inspected = z.object({ Id: z.string(), Config: z.object({ Labels: labels }) });

/** The container that belongs to a session has this name, so that the engine itself refuses a second one. */
const nameOf = (sessionId: string): string =>
  `viw-${createHash('sha256').update(sessionId).digest('hex').slice(0, 32)}`;

/**
 * Containers of user sessions. They run without capabilities, cannot gain privileges, have limits of processor, memory and
 * processes, are not restarted, and are gone once they have ended. Images are never fetched: what may run is decided on the host.
 */
export class SessionContainers {
  constructor(
    private readonly options: SessionContainersOptions,
    private readonly deps: { readonly engine: Pick<EngineClient, 'call' | 'answers'> },
  ) {}

  available(): Promise<boolean> {
    return this.deps.engine.answers();
  }

  /**
   * @returns the container's id
   * @throws AppError PERMISSION_DENIED (image not on the host's list), NOT_IMPLEMENTED (no network for the profile),
   *   NOT_FOUND (image not on the host), ALREADY_EXISTS (the session has one)
   */
  async spawn(args: VerbArguments<'spawn_container'>, deadline: number): Promise<string> {
    const body = this.#definition(args);
    const made = await this.#call(
      'POST',
      `/containers/create?name=${nameOf(args.session_id)}`,
      deadline,
      body,
    );
    if (made.status === 404)
      throw new AppError('NOT_FOUND', `the image ${body.Image} is not on this host: fetch it there first`);
    // Docker says 409 to a name that is taken, Podman 4 says 500: what is there tells it for both.
    if (made.status !== 201 && (await this.#ofSession(args.session_id, deadline)) !== undefined)
      throw new AppError('ALREADY_EXISTS', 'the session has a container already');
    const { Id: id } = expected(made, [201], created);
    const started = await this.#call('POST', `/containers/${id}/start`, deadline).catch(
      (error: unknown) => error,
    );
    if (isAnswer(started) && (started.status === 204 || started.status === 304)) return id;
    // One that does not run is of no use, and would keep the session from getting another.
    await this.#remove(id, Date.now() + 5_000).catch(() => undefined);
    throw isAnswer(started) ? new AppError('INTERNAL_ERROR', engineFailure(started)) : started;
  }

  /** @throws AppError NOT_FOUND for one that is not there, or not a session's */
  async stop(containerId: string, deadline: number): Promise<string> {
    const found = await this.#call('GET', `/containers/${encodeURIComponent(containerId)}/json`, deadline);
    if (found.status === 404) throw noSuch();
    const { Id: id, Config: config } = expected(found, [200], inspected);
    if (config.Labels?.[SESSION_LABEL] === undefined) throw noSuch();
    const answer = await this.#call('POST', `/containers/${id}/stop?t=${STOP_GRACE_S}`, deadline);
    // 304: it had stopped already; 404: it went meanwhile.
    expected(answer, [204, 304, 404], z.unknown());
    await this.#remove(id, deadline);
    return id;
  }

  /** False when the session has none. */
  async stopOfSession(sessionId: string, deadline: number): Promise<boolean> {
    const found = await this.#ofSession(sessionId, deadline);
    if (!found) return false;
    await this.stop(found.id, deadline);
    return true;
  }

  /** Those of sessions only, running or not. */
  async list(deadline: number): Promise<SessionContainer[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [SESSION_LABEL] }));
    const answer = await this.#call('GET', `/containers/json?all=true&filters=${filters}`, deadline);
    return expected(answer, [200], listed).flatMap(
      ({ Id: id, Names, Image: image, State: state, Labels }) => {
        const sessionId = Labels?.[SESSION_LABEL];
        if (sessionId === undefined) return [];
        const name = (Names[0] ?? id).replace(/^\//, '');
        return [{ id, name, image, state, sessionId, username: Labels?.[USER_LABEL] }];
      },
    );
  }

  /** Without waiting for the engine to remove it by itself: until then the session would seem to have one. */
  async #remove(id: string, deadline: number): Promise<void> {
    const answer = await this.#call('DELETE', `/containers/${id}?force=true&v=true`, deadline);
    // 409: the engine is at it.
    expected(answer, [200, 204, 404, 409], z.unknown());
  }

  async #ofSession(sessionId: string, deadline: number): Promise<SessionContainer | undefined> {
    return (await this.list(deadline)).find((container) => container.sessionId === sessionId);
  }

  #definition({
    username,
    session_id,
    image,
    cpu,
    mem_mb,
    egress_profile = 'default',
  }: VerbArguments<'spawn_container'>) {
    const chosen = image ?? this.options.images[0];
    if (chosen === undefined || !this.options.images.some((entry) => allows(entry, chosen)))
      throw new AppError('PERMISSION_DENIED', 'the image is not on this host’s list');
    const network = this.options.networks[egress_profile];
    if (network === undefined)
      throw new AppError(
        'NOT_IMPLEMENTED',
        `this host has no network for the egress profile ${egress_profile}`,
      );
    const memory = (mem_mb ?? DEFAULT_MEM_MB) * MIB;
    return {
      Image: chosen,
      Labels: { [SESSION_LABEL]: session_id, [USER_LABEL]: username },
      HostConfig: {
        NanoCpus: Math.round((cpu ?? DEFAULT_CPU) * 1e9),
        Memory: memory,
        // Memory and swap together: no swap.
        MemorySwap: memory,
        PidsLimit: PROCESSES,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Privileged: false,
        NetworkMode: network,
        RestartPolicy: { Name: 'no' },
        AutoRemove: true,
      },
    };
  }

  #call(
    method: EngineRequest['method'],
    path: string,
    deadline: number,
    body?: unknown,
  ): Promise<EngineAnswer> {
    return this.deps.engine.call({ method, path, timeoutMs: deadline - Date.now(), body });
  }
}

const noSuch = () => new AppError('NOT_FOUND', 'no session has this container');

const isAnswer = (value: unknown): value is EngineAnswer =>
  typeof value === 'object' && value !== null && 'status' in value && !(value instanceof Error);

/** An entry without tag and digest stands for all of its repository. */
function allows(entry: string, image: string): boolean {
  const bare = !entry.includes('@') && !/:[^/]*$/.test(entry);
  return entry === image || (bare && (image.startsWith(`${entry}:`) || image.startsWith(`${entry}@`)));
}

/** @throws AppError INTERNAL_ERROR for any other answer */
function expected<T>(answer: EngineAnswer, statuses: readonly number[], schema: z.ZodType<T>): T {
  if (!statuses.includes(answer.status)) throw new AppError('INTERNAL_ERROR', engineFailure(answer));
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw new AppError('INTERNAL_ERROR', 'the container engine gave an answer that is none');
}
