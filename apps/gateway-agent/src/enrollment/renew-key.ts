import { existsSync } from 'node:fs';
import { signRequest } from '@viw/commands';
import { renewal } from '@viw/contracts';
import { makeRequest } from '@viw/pki';
import { AppError } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { BackendClient } from './backend-client';
import { nextKeyPath, readIdentity, writeIdentity } from './identity-file';
import { certificateFor } from './own-certificate';
import { keyOfPem, publicJwkOf } from './own-key';
import { forgetPendingKey, pendingKey } from './pending-key';
import { prepareStateDir } from './state-dir';

export interface RenewKeyDeps {
  readonly client: Pick<BackendClient, 'post'>;
  /** The hub's time where it is known: the backend looks at the age of the request. */
  readonly clock: Clock;
}

export interface RenewKeyOptions {
  /** `certificate`: the key stays, unless a next one is under way already, which may be in force. Default `key`. */
  readonly what?: 'key' | 'certificate';
  /** False: the host has a certificate from elsewhere, whose place the issued one would take. */
  readonly asksForCertificate?: boolean;
}

/**
 * Replaces the agent's key by a new one and gets a certificate for it, which the next connection shows; the session that is open
 * stays. The new key is on disk before anybody is told of it and the present one until that has succeeded, so that whatever gets
 * lost on the way, the same key is offered again and one of the two opens the hub.
 *
 * @returns until when the former key is taken too; null when there is no new key, or an earlier attempt had reached the backend
 * @throws AppError NOT_FOUND when the host is not enrolled; whatever the backend refuses by
 */
export async function renewKey(
  stateDir: string,
  { client, clock }: RenewKeyDeps,
  { what = 'key', asksForCertificate = true }: RenewKeyOptions = {},
): Promise<string | null> {
  const owner = await prepareStateDir(stateDir);
  const identity = readIdentity(stateDir);
  const current = identity && keyOfPem(identity.private_key);
  if (identity === undefined || current === undefined)
    throw new AppError('NOT_FOUND', 'this host is not enrolled: it has no key to renew');
  const keeps = what === 'certificate' && !existsSync(nextKeyPath(stateDir));
  const { pem, key: next } = keeps
    ? { pem: identity.private_key, key: current }
    : await pendingKey(nextKeyPath(stateDir), { owner });
  const signed = {
    agent_id: identity.agent_id,
    next: publicJwkOf(next),
    ...(asksForCertificate && { csr: makeRequest(next) }),
    issued_at: new Date(clock.now()).toISOString(),
  };
  const request = {
    ...signed,
    by_current: signRequest(current, 'viw-renew', signed),
    by_next: signRequest(next, 'viw-renew', signed),
  };
  const answer = await client.post('/agent/renew', request, renewal).catch(async (error: unknown) => {
    // It was revoked: offered again it would be refused for ever.
    if (error instanceof AppError && error.code === 'CONFLICT') await forgetPendingKey(nextKeyPath(stateDir));
    throw error;
  });
  // Somebody has renewed the key meanwhile: what is on disk is newer than this.
  if (keeps && readIdentity(stateDir)?.private_key !== pem) return answer.former_until;
  const { certificate: former, key_made_at: madeAt, ...rest } = identity;
  // The former one is for the former key; where the key stays, it is better than none.
  const certificate = certificateFor(next, answer.certificate) ?? (keeps ? former : undefined);
  const key_made_at = keeps ? madeAt : new Date().toISOString();
  const renewed = { ...rest, private_key: pem, key_made_at, ...(certificate && { certificate }) };
  await writeIdentity(stateDir, renewed, { owner });
  if (!keeps) await forgetPendingKey(nextKeyPath(stateDir));
  return answer.former_until;
}
