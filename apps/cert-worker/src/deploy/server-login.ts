import type { DeployTarget, ServerRepository, SshCredentialRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import { openSshCredential } from '@viw/secrets';
import type { SecretBox } from '@viw/secrets';
import type { SshConnectOptions } from '@viw/ssh-deploy';

export interface ServerLoginDeps {
  readonly credentials: Pick<SshCredentialRepository, 'getSealed'>;
  readonly servers: Pick<ServerRepository, 'get'>;
  readonly box: SecretBox;
  /** For credentials that name the agent. */
  readonly agentSocket?: string | undefined;
}

export type LoginServer = Pick<
  DeployTarget['server'],
  'host' | 'ssh_port' | 'host_key_fingerprint' | 'ssh_credential_id' | 'jump_server_id'
>;

/** Servers on the way. More than that is a fault in the records. */
const MAX_JUMPS = 4;

/**
 * How to sign in to a server, and to those on the way to it. The opened credential never leaves this process's memory but
 * to the server itself.
 * @throws AppError DEPLOY_REFUSED without a confirmed host key, or without the agent that the credential names;
 *   NOT_FOUND when the credential or a jump server is gone
 */
export async function loginTo(
  server: LoginServer,
  deps: ServerLoginDeps,
  jumps = 0,
): Promise<SshConnectOptions> {
  const { host, ssh_port: port, host_key_fingerprint: hostKeyFingerprint, jump_server_id } = server;
  if (hostKeyFingerprint === null)
    throw new AppError(
      'DEPLOY_REFUSED',
      `no host key is confirmed${jumps > 0 ? ` for the jump server ${host}` : ''}: compare its fingerprint and confirm it first`,
    );
  const jump = jump_server_id === null ? undefined : await jumpTo(jump_server_id, deps, jumps + 1);
  return {
    host,
    port,
    hostKeyFingerprint,
    ...(await proofFor(server.ssh_credential_id, deps)),
    ...(jump && { jump }),
  };
}

async function jumpTo(id: string, deps: ServerLoginDeps, jumps: number): Promise<SshConnectOptions> {
  const server = jumps > MAX_JUMPS ? undefined : await deps.servers.get(id);
  if (!server) throw new AppError('NOT_FOUND', 'the jump server is gone');
  return loginTo(server, deps, jumps);
}

async function proofFor(
  credentialId: string,
  { credentials, box, agentSocket }: ServerLoginDeps,
): Promise<Pick<SshConnectOptions, 'username' | 'privateKey' | 'passphrase' | 'password' | 'agentSocket'>> {
  const stored = await credentials.getSealed(credentialId);
  if (!stored) throw new AppError('NOT_FOUND', 'the SSH credential of the server is gone');
  const { username } = stored;
  const secret = openSshCredential(box, stored.id, stored.sealed);
  if ('password' in secret) return { username, password: secret.password };
  if ('agent' in secret) {
    if (agentSocket === undefined)
      throw new AppError('DEPLOY_REFUSED', 'the credential names an SSH agent, and this worker has none');
    return { username, agentSocket };
  }
  const { privateKey, passphrase } = secret;
  return { username, privateKey, ...(passphrase !== undefined && { passphrase }) };
}
