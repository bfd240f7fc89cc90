import type { DeployTarget } from '../deploy-types';
import { deployRefused } from '../errors';
import { haproxy, type HaproxyOptions } from './haproxy';
import { listedCommand, type ListedCommandOptions } from './listed-command';
import { DEFAULT_RELOAD_COMMAND, DEFAULT_TEST_COMMAND, nginx } from './nginx';
import type { Service } from './service';

/** What serves the certificate; NGINX takes the target's own commands. */
export type ServiceOptions =
  | { readonly kind: 'nginx' }
  | ({ readonly kind: 'haproxy' } & HaproxyOptions)
  | ({ readonly kind: 'command' } & ListedCommandOptions);

/** @throws AppError DEPLOY_REFUSED for options that cannot be */
export function serviceOf({
  service = { kind: 'nginx' },
  installer,
  testCommand = DEFAULT_TEST_COMMAND,
  reloadCommand = DEFAULT_RELOAD_COMMAND,
}: Pick<DeployTarget, 'service' | 'installer' | 'testCommand' | 'reloadCommand'>): Service {
  switch (service.kind) {
    case 'nginx':
      return nginx({ testCommand, reloadCommand });
    case 'haproxy':
      return haproxy(service);
    case 'command':
      if (!installer) throw deployRefused('a listed service takes a server whose rights are sudo');
      return listedCommand(service);
  }
}
