import type { ServedOutcome } from '@viw/contracts';
import type { DueCheck } from '@viw/database';
import { foreignText, redactText, sleep, toAppError } from '@viw/runtime';
import { servedCertificate } from '@viw/ssh-deploy';
import type { Served, SshConnection, SshPool } from '@viw/ssh-deploy';
import { provingListeners } from './proving-listeners';
import { loginTo, type ServerLoginDeps } from './server-login';

export interface Look {
  readonly outcome: ServedOutcome;
  /** What is served instead, or why nothing is known. */
  readonly detail?: string;
}

export interface ServedLookDeps extends ServerLoginDeps {
  readonly pool: Pick<SshPool, 'use'>;
}

/** A reload that somebody has just ordered may show either certificate for a moment. */
const SECOND_LOOK_MS = 1_500;
const MAX_DETAIL = 2_000;

/** Looks at every listener of the virtual host, as the server sees it, and changes nothing. Never rejects. */
export async function lookAtServed(check: DueCheck, deps: ServedLookDeps): Promise<Look> {
  try {
    const login = await loginTo(check.server, deps);
    return await deps.pool.use(login, async (server) => {
      const connection = await server.connect();
      const wrong = async (): Promise<Served[]> =>
        (
          await Promise.all(
            provingListeners(check).map((listener) => servedCertificate(connection, listener)),
          )
        ).filter(({ fingerprint }) => fingerprint !== check.fingerprint_sha256);
      if ((await wrong()).length === 0) return { outcome: 'served' };
      await sleep(SECOND_LOOK_MS);
      const found = await wrong();
      if (found.length === 0) return { outcome: 'served' };
      // A connection that broke tells nothing of NGINX.
      if (!connection.isAlive) return { outcome: 'unknown', detail: 'the connection was lost' };
      const detail = foreignText(`${shown(found)}; ${await onDisk(connection, check)}`, MAX_DETAIL);
      return { outcome: 'drifted', detail };
    });
  } catch (error) {
    return { outcome: 'unknown', detail: foreignText(redactText(toAppError(error).message), MAX_DETAIL) };
  }
}

const shown = (served: readonly Served[]): string =>
  served
    .slice(0, 5)
    .map(
      ({ listener: { host, port, servername }, fingerprint, error }) =>
        `${servername} on ${host}:${port} shows ${fingerprint ?? `nothing (${error ?? ''})`}`,
    )
    .join('; ');

/** Tells who is to be asked: whoever changed the files, or whoever changed NGINX's configuration. */
async function onDisk(
  connection: SshConnection,
  { cert_dir, version_id }: Pick<DueCheck, 'cert_dir' | 'version_id'>,
): Promise<string> {
  const files = await connection.sftp();
  const current = (await files.readlink(`${cert_dir}/current`)) ?? 'nothing';
  return current === `versions/${version_id}`
    ? `${cert_dir}/current is as it was left, so NGINX reads something else or was not reloaded`
    : `${cert_dir}/current points at ${current} and no longer at versions/${version_id}`;
}
