import { signRequest } from '@viw/commands';
import { renewal } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { BackendClient } from './backend-client';
import { nextKeyPath, readIdentity, writeIdentity } from './identity-file';
import { keyOfPem, publicJwkOf } from './own-key';
import { forgetPendingKey, pendingKey } from './pending-key';
import { prepareStateDir } from './state-dir';

export interface RenewKeyDeps {
  readonly client: Pick<BackendClient, 'post'>;
  /** The hub's time where it is known: the backend looks at the age of the request. */
  readonly clock: Clock;
}

/**
 * Replaces the agent's key by a new one, which the next connection shows; the session that is open stays. The new key is on
 * disk before anybody is told of it and the present one until that has succeeded, so that whatever gets lost on the way, the
 * same key is offered again and one of the two opens the hub.
 *
 * @returns until when the former key is taken too; null when an earlier attempt had reached the backend
 * @throws AppError NOT_FOUND when the host is not enrolled; whatever the backend refuses by
 */
export async function renewKey(stateDir: string, { client, clock }: RenewKeyDeps): Promise<string | null> {
  const owner = await prepareStateDir(stateDir);
  const identity = readIdentity(stateDir);
  const current = identity && keyOfPem(identity.private_key);
  if (identity === undefined || current === undefined)
    throw new AppError('NOT_FOUND', 'this host is not enrolled: it has no key to renew');
  const { pem, key: next } = await pendingKey(nextKeyPath(stateDir), { owner });
  const signed = {
    agent_id: identity.agent_id,
    next: publicJwkOf(next),
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
  const key_made_at = new Date().toISOString();
  await writeIdentity(stateDir, { ...identity, private_key: pem, key_made_at }, { owner });
  await forgetPendingKey(nextKeyPath(stateDir));
  return answer.former_until;
}
