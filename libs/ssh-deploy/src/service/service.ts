import type { DeployMaterial } from '../deploy-types';
import type { ExecResult } from '../exec';
import { COMBINED_FILE, FULLCHAIN_FILE, PRIVATE_KEY_FILE, type VersionFiles } from '../layout';
import type { Listener, Served } from '../served-certificate';
import type { SshConnection } from '../ssh-connection';

export type ServiceKind = 'nginx' | 'haproxy' | 'command';

/** How a key and its chain lie in a version's directory: two files, or one with the key first and the chain behind it. */
export type PairForm = 'pair' | 'combined';

/** A program that serves certificates, as the steps of a deployment know it. */
export interface Service {
  readonly kind: ServiceKind;
  /** In errors and events. */
  readonly label: string;
  readonly form: PairForm;
  /** What root's installer calls it; undefined: its NGINX. */
  readonly installedAs: string | undefined;
  /** Validates the configuration as it lies there, with the rights of the user who signs in. `rc` 0: valid. */
  test(connection: SshConnection): Promise<ExecResult>;
  /** Has it load configuration and certificates. `rc` 0: it has been told. */
  reload(connection: SshConnection): Promise<ExecResult>;
  /** Of a test that has passed. */
  warningsOf(result: ExecResult): string[];
  /** What clients of a listener get. Never throws. */
  served(connection: SshConnection, listener: Listener): Promise<Served>;
}

/** The files that a service reads, by name. */
export function filesOf(
  { form }: Pick<Service, 'form'>,
  { fullchainPem, privateKeyPem }: Pick<DeployMaterial, 'fullchainPem' | 'privateKeyPem'>,
): VersionFiles {
  if (form === 'pair') return { [FULLCHAIN_FILE]: fullchainPem, [PRIVATE_KEY_FILE]: privateKeyPem };
  const key = privateKeyPem.endsWith('\n') ? privateKeyPem : `${privateKeyPem}\n`;
  return { [COMBINED_FILE]: key + fullchainPem };
}
