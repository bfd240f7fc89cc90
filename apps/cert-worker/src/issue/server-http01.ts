import { acmeRefused, type ChallengeSolver, type PendingChallenge } from '@viw/acme';
import type { ChallengeFileRepository, OperationWork, VirtualHostRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import { placeChallengeFile, removeChallengeFile, type SshPool } from '@viw/ssh-deploy';
import { loginTo, type LoginServer, type ServerLoginDeps } from '../deploy/server-login';

export interface ServerHttp01Deps extends ServerLoginDeps {
  readonly virtualHosts: Pick<VirtualHostRepository, 'targetsOf'>;
  readonly challengeFiles: Pick<ChallengeFileRepository, 'remember' | 'forget' | 'takeLeftOvers'>;
  readonly pool: Pick<SshPool, 'use'>;
}

interface Place {
  readonly server: LoginServer & { readonly id: string; readonly name: string };
  readonly webRoot: string;
}

const isNamed = (serverName: string, name: string): boolean =>
  serverName === name ||
  (serverName.startsWith('*.') &&
    name.includes('.') &&
    serverName.slice(2) === name.slice(name.indexOf('.') + 1));

/** Of one look. */
const MAX_LEFT_OVERS = 20;

/**
 * HTTP-01 by a file under the web root of every virtual host of the certificate that has the name: the CA's request may
 * reach any of them. Remembered in Postgres from before it is placed until it is gone.
 */
export class ServerHttp01 {
  constructor(private readonly deps: ServerHttp01Deps) {}

  solverFor({
    certificate_id,
    operation_id,
  }: Pick<OperationWork, 'certificate_id' | 'operation_id'>): ChallengeSolver {
    const each = async (
      { identifier }: PendingChallenge,
      work: (place: Place) => Promise<void>,
    ): Promise<void> => {
      const places = await this.#placesOf(certificate_id, identifier.value);
      const outcomes = await Promise.allSettled(places.map(work));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
      if (places.length === 0)
        throw acmeRefused(
          `${identifier.value}: none of the certificate's virtual hosts has this name and a web root`,
          'never',
          identifier.value,
        );
    };
    return {
      type: 'http-01',
      present: (challenge) => each(challenge, (place) => this.#place(place, challenge, operation_id)),
      cleanup: (challenge) => each(challenge, (place) => this.#remove(place, challenge.token)),
    };
  }

  /** Files that a worker that died has left. Of a server that is away the next look takes them. */
  async removeLeftOvers(signal: AbortSignal): Promise<void> {
    const { challengeFiles, servers } = this.deps;
    const failures: unknown[] = [];
    for (let n = 0; n < MAX_LEFT_OVERS && !signal.aborted; n += 1) {
      // One at a time: it is this worker's only as long as one removal may take.
      const [left] = await challengeFiles.takeLeftOvers(1);
      if (!left) break;
      const { server_id, web_root: webRoot, token } = left;
      const server = await servers.get(server_id);
      if (!server) continue;
      await this.#remove({ server, webRoot }, token).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  async #place(
    { server, webRoot }: Place,
    { token, keyAuthorization }: PendingChallenge,
    operationId: string,
  ): Promise<void> {
    const login = await loginTo(server, this.deps);
    await this.deps.challengeFiles.remember({ server_id: server.id, web_root: webRoot, token }, operationId);
    await this.#onServer(server, login, (connection) =>
      placeChallengeFile(connection, { webRoot, token, keyAuthorization }),
    );
  }

  async #remove({ server, webRoot }: Place, token: string): Promise<void> {
    const login = await loginTo(server, this.deps);
    await this.#onServer(server, login, (connection) => removeChallengeFile(connection, { webRoot, token }));
    await this.deps.challengeFiles.forget({ server_id: server.id, web_root: webRoot, token });
  }

  async #onServer(
    { name }: Place['server'],
    login: Parameters<SshPool['use']>[0],
    work: (connection: Parameters<typeof placeChallengeFile>[0]) => Promise<void>,
  ): Promise<void> {
    try {
      await this.deps.pool.use(login, async ({ connect }) => work(await connect()));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message, meta, retryable, cause } = error;
      throw new AppError(code, `${name}: ${message}`, { meta, retryable, cause });
    }
  }

  /** Each web root of a server once. */
  async #placesOf(certificateId: string, name: string): Promise<Place[]> {
    const places = new Map<string, Place>();
    for (const { server, server_names, web_root: webRoot } of await this.deps.virtualHosts.targetsOf(
      certificateId,
    ))
      if (webRoot !== null && server_names.some((one) => isNamed(one, name)))
        places.set(`${server.id} ${webRoot}`, { server, webRoot });
    return [...places.values()];
  }
}
