import type { VirtualHost } from '@viw/contracts';
import type { ServiceOptions } from '@viw/ssh-deploy';
import { AppError } from '@viw/runtime';

/** What serves the certificate of a virtual host. @throws AppError INTERNAL_ERROR when its kind has no settings */
export function serviceOptionsOf({
  kind,
  haproxy,
  command,
}: Pick<VirtualHost, 'kind' | 'haproxy' | 'command'>): ServiceOptions {
  if (kind === 'nginx') return { kind };
  if (kind === 'haproxy' && haproxy) {
    const { config_file: configFile, master_socket: masterSocket } = haproxy;
    return { kind, configFile, ...(masterSocket !== undefined && { masterSocket }) };
  }
  if (kind === 'command' && command) return { kind, name: command.service, form: command.form };
  throw new AppError('INTERNAL_ERROR', `a virtual host of kind ${kind} without settings`);
}
