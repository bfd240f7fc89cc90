import { servedCertificate } from '../served-certificate';
import type { Service } from './service';
import { runnable } from './service-control';

export interface NginxOptions {
  readonly testCommand: readonly string[];
  readonly reloadCommand: readonly string[];
}

export const DEFAULT_TEST_COMMAND = ['nginx', '-t'] as const;
export const DEFAULT_RELOAD_COMMAND = ['nginx', '-s', 'reload'] as const;

/** `ssl_certificate <certDir>/current/fullchain.pem;` and `ssl_certificate_key <certDir>/current/privkey.pem;`. */
export const nginx = ({ testCommand, reloadCommand }: NginxOptions): Service => ({
  kind: 'nginx',
  label: 'NGINX',
  form: 'pair',
  installedAs: undefined,
  test: (connection) => runnable(connection, testCommand),
  reload: (connection) => runnable(connection, reloadCommand),
  warningsOf: ({ stderr }) => stderr.split('\n').filter((line) => line.includes('[warn]')),
  served: servedCertificate,
});
