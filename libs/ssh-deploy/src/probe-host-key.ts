import type { Duplex } from 'node:stream';
import { Client } from 'ssh2';
import { connectionFailed } from './errors';
import { HOST_KEY_ALGORITHMS, hostKeyFingerprint, hostKeyType } from './host-key';

export interface OfferedHostKey {
  /** `SHA256:…`, to be shown to the administrator for confirmation. */
  fingerprint: string;
  /** For example `ssh-ed25519`. */
  keyType: string;
}

/**
 * Learns which host key a server offers. The connection is refused at the host key, so no user name and no
 * credential leaves this machine. What is learnt is not trusted until a person has confirmed it.
 *
 * @param timeoutMs for TCP connection and key exchange together.
 * @param way to the server's port through a jump host
 * @throws AppError SSH_FAILED when the server cannot be reached or speaks no accepted algorithm.
 */
export function probeHostKey(
  host: string,
  port: number,
  timeoutMs = 10_000,
  way?: Duplex,
): Promise<OfferedHostKey> {
  const client = new Client();
  return new Promise((resolve, reject) => {
    let offered: OfferedHostKey | undefined;
    const finish = (cause: Error): void => {
      client.end();
      if (offered) resolve(offered);
      else reject(connectionFailed(`${host}:${port}`, cause));
    };
    client.on('error', finish);
    client.once('close', () => finish(new Error('the server closed the connection during the handshake')));
    client.connect({
      host,
      port,
      ...(way && { sock: way }),
      username: 'probe',
      readyTimeout: timeoutMs,
      algorithms: { serverHostKey: [...HOST_KEY_ALGORITHMS] },
      hostVerifier: (key: Buffer): boolean => {
        offered = { fingerprint: hostKeyFingerprint(key), keyType: hostKeyType(key) };
        return false;
      },
    });
  });
}
