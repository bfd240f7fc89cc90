import { generateSshKeyPair, startSshd, type Sshd } from '@viw/testing';
import type { SshConnectOptions } from '@viw/ssh-deploy';

/** A real sshd, and how to sign in to it. */
export interface SshdStage {
  readonly sshd: Sshd;
  readonly login: SshConnectOptions;
}

/** Ended by whoever started it. */
export async function startSshdStage(): Promise<SshdStage> {
  const key = await generateSshKeyPair();
  const sshd = await startSshd({ authorizedKeys: [key.publicKey] });
  const login = {
    host: sshd.host,
    port: sshd.port,
    username: sshd.user,
    privateKey: key.privateKey,
    hostKeyFingerprint: sshd.hostKeyFingerprint,
  };
  return { sshd, login };
}
