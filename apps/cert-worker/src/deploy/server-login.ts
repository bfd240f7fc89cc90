import type { DeployTarget, SshCredentialRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import { openSshCredential } from '@viw/secrets';
import type { SecretBox } from '@viw/secrets';
import type { SshConnectOptions } from '@viw/ssh-deploy';

export interface ServerLoginDeps {
  readonly credentials: Pick<SshCredentialRepository, 'getSealed'>;
  readonly box: SecretBox;
}

/**
 * How to sign in to a server. The opened credential never leaves this process's memory but to the server itself.
 * @throws AppError DEPLOY_REFUSED without a confirmed host key; NOT_FOUND when the credential is gone
 */
export async function loginTo(
  {
    host,
    ssh_port: port,
    host_key_fingerprint: hostKeyFingerprint,
    ssh_credential_id,
  }: DeployTarget['server'],
  { credentials, box }: ServerLoginDeps,
): Promise<SshConnectOptions> {
  if (hostKeyFingerprint === null)
    throw new AppError(
      'DEPLOY_REFUSED',
      'no host key is confirmed: compare its fingerprint and confirm it first',
    );
  const stored = await credentials.getSealed(ssh_credential_id);
  if (!stored) throw new AppError('NOT_FOUND', 'the SSH credential of the server is gone');
  const { privateKey, passphrase } = openSshCredential(box, stored.id, stored.sealed);
  return {
    host,
    port,
    username: stored.username,
    privateKey,
    hostKeyFingerprint,
    ...(passphrase !== undefined && { passphrase }),
  };
}
