import { certificateInstaller, type ServerProbeResult } from '@viw/contracts';
import type { ServerProbeRepository } from '@viw/database';
import { AppError, foreignText, redactText, toAppError } from '@viw/runtime';
import { probeHostKey, probeNginx, probeNginxByInstaller } from '@viw/ssh-deploy';
import type { FoundNginx, OfferedHostKey, SshPool } from '@viw/ssh-deploy';
import type { ChangeAnnouncer } from '@viw/streams';
import { loginTo, type LoginServer, type ServerLoginDeps } from './server-login';

export interface ServerProbesDeps extends ServerLoginDeps {
  readonly probes: Pick<ServerProbeRepository, 'take' | 'finish'>;
  readonly pool: Pick<SshPool, 'use'>;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
}

const HOST_KEY_MS = 10_000;
/** A server that does not answer keeps nobody else waiting. */
const AT_ONCE = 4;

type ProbedServer = LoginServer & {
  readonly test_command: readonly string[];
  readonly rights: 'own' | 'sudo';
};

/** Looks at the servers that somebody has asked about: host key first, and the rest only where it is the confirmed one. */
export class ServerProbes {
  constructor(private readonly deps: ServerProbesDeps) {}

  /** Until nothing is asked for any more. */
  async runAll(signal: AbortSignal): Promise<void> {
    const { probes, servers, changes } = this.deps;
    const lane = async (): Promise<void> => {
      for (let id = await probes.take(); id !== undefined; id = await probes.take()) {
        const server = await servers.get(id);
        if (server) await probes.finish(id, await this.#look(server));
        changes.announce([{ kind: 'server', id }]);
        if (signal.aborted) return;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  /** Never rejects. */
  async #look(server: ProbedServer): Promise<ServerProbeResult> {
    let offered: OfferedHostKey | undefined;
    let confirmed = false;
    try {
      offered = await this.#hostKey(server);
      confirmed = offered.fingerprint === server.host_key_fingerprint?.replace(/=$/, '');
      return resultOf(offered, confirmed, confirmed ? await this.#nginx(server) : undefined);
    } catch (caught) {
      const { code, message } = toAppError(caught);
      const error = { code, msg: foreignText(redactText(message), 2_000) };
      return { ...resultOf(offered, confirmed), error };
    }
  }

  /** Refused at the host key: no name and no credential of this server is sent. */
  async #hostKey({ host, ssh_port: port, jump_server_id }: ProbedServer): Promise<OfferedHostKey> {
    if (jump_server_id === null) return probeHostKey(host, port, HOST_KEY_MS);
    const jump = await this.deps.servers.get(jump_server_id);
    if (!jump) throw new AppError('NOT_FOUND', 'the jump server is gone');
    const login = await loginTo(jump, this.deps);
    return this.deps.pool.use(login, async (server) =>
      probeHostKey(host, port, HOST_KEY_MS, await (await server.connect()).forwardOut(host, port)),
    );
  }

  async #nginx(server: ProbedServer): Promise<FoundNginx> {
    const login = await loginTo(server, this.deps);
    return this.deps.pool.use(login, async (one) => {
      const connection = await one.connect();
      return server.rights === 'sudo'
        ? probeNginxByInstaller(connection, certificateInstaller)
        : probeNginx(connection, server.test_command);
    });
  }
}

const resultOf = (
  offered: OfferedHostKey | undefined,
  confirmed: boolean,
  nginx?: FoundNginx,
): ServerProbeResult => ({
  host_key: offered ? { fingerprint: offered.fingerprint, key_type: offered.keyType } : null,
  host_key_confirmed: confirmed,
  nginx: nginx ? storable(nginx) : null,
  error: null,
});

/** PATH_MAX of Linux; names are shorter. */
const MAX_TEXT = 4_096;
const kept = (text: string): string => foreignText(text, MAX_TEXT);

const storable = ({
  version,
  configuration,
  output,
  virtual_hosts: hosts,
}: FoundNginx): NonNullable<ServerProbeResult['nginx']> => ({
  version: version === undefined ? null : kept(version),
  configuration,
  output: kept(output),
  virtual_hosts: hosts.map(({ server_names, listens, certificates }) => ({
    server_names: server_names.map(kept),
    listens: listens.map((listen) => ({ ...listen, address: kept(listen.address) })),
    certificates: certificates.map(kept),
  })),
});
