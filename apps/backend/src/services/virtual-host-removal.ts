import { alertsStream, type Removed, type VirtualHost } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Repositories } from '../store';

/** Nobody deploys there at this moment. @throws AppError CONFLICT */
export async function assertIdle(
  { virtualHosts }: Pick<Repositories, 'virtualHosts'>,
  hosts: readonly Pick<VirtualHost, 'id' | 'server_names'>[],
): Promise<void> {
  const busy = await virtualHosts.workedOn(hosts.map(({ id }) => id));
  const names = hosts.filter(({ id }) => busy.includes(id)).map(({ server_names }) => server_names[0] ?? '');
  if (names.length > 0)
    throw new AppError('CONFLICT', `A certificate is being deployed to ${names.join(', ')} at this moment`);
}

type Known = Pick<VirtualHost, 'id' | 'server_names' | 'snippet'>;

/**
 * Looks at what these virtual hosts serve, and alerts about it, are over, in the transaction of what ends them. The keys are
 * those of the cert-worker's watch and of its snippets.
 */
export async function forgetServed(
  { servedChecks, outbox }: Pick<Repositories, 'servedChecks' | 'outbox'>,
  hosts: readonly Known[],
  why: string,
): Promise<void> {
  const amiss = new Set(await servedChecks.forget(hosts.map(({ id }) => id)));
  for (const host of hosts) {
    const { id, snippet } = host;
    if (amiss.has(id))
      await clear(outbox, [`certificate-drift:${id}`, `certificate-unchecked:${id}`], host, why);
    if (snippet !== null) await forgetSnippet({ outbox }, host, why);
  }
}

/** What was told of its snippet is over, in the transaction of what ends it. */
export const forgetSnippet = (
  { outbox }: Pick<Repositories, 'outbox'>,
  host: Known,
  why: string,
): Promise<void> => clear(outbox, [`virtual-host-snippet:${host.id}`], host, why);

async function clear(
  outbox: Repositories['outbox'],
  keys: readonly string[],
  { id, server_names }: Known,
  why: string,
): Promise<void> {
  for (const dedupe_key of keys)
    await outbox.enqueue(alertsStream, {
      action: 'cleared',
      dedupe_key,
      severity: 'info',
      title: `${why}: ${server_names[0] ?? id}`.slice(0, 200),
      at: new Date().toISOString(),
    });
}

/** What viw leaves where it lies: the service goes on serving it, and nobody renews it there any more. */
export const leftOnServer = (hosts: readonly VirtualHost[]): Removed['left_on_server'] =>
  hosts.map(({ cert_dir, server_names, snippet }) => ({
    cert_dir,
    server_names,
    what: `certificates and keys in ${cert_dir}${snippet ? `, configuration in ${cert_dir}.snippets` : ''}: they stay in service until the server's own configuration no longer names them, and are no longer renewed there`,
  }));
