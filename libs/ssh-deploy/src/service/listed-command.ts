import { deployRefused } from '../errors';
import { servedCertificate } from '../served-certificate';
import type { PairForm, Service } from './service';

export interface ListedCommandOptions {
  /** Of a service in root's list on the server. */
  readonly name: string;
  readonly form: PairForm;
}

/** As `deploy/nginx-server/viw-cert-install` takes it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Any other program: root has named its check and its reload on the server, and only that name travels there. No command
 * does, so without root's installer there is nothing to run.
 * @throws AppError DEPLOY_REFUSED for a name that is none
 */
export function listedCommand({ name, form }: ListedCommandOptions): Service {
  if (!NAME.test(name)) throw deployRefused(`${JSON.stringify(name)} cannot name a service`);
  const refuse = (): Promise<never> =>
    Promise.reject(
      deployRefused(
        `${name} is checked and reloaded by what root has listed on the server, which takes its installer`,
      ),
    );
  return {
    kind: 'command',
    label: name,
    form,
    installedAs: name,
    test: refuse,
    reload: refuse,
    warningsOf: () => [],
    served: servedCertificate,
  };
}
