import { signRequest } from '@viw/commands';
import type { HelperPublicKeys } from '@viw/commands';
import { enrollment } from '@viw/contracts';
import { makeRequest } from '@viw/pki';
import { AppError } from '@viw/runtime';
import type { BackendClient, BackendClientOptions } from './backend-client';
import { enrollingKeyPath, nextKeyPath, readIdentity, writeIdentity } from './identity-file';
import type { EnrolledIdentity } from './identity-file';
import { certificateFor } from './own-certificate';
import { publicJwkOf } from './own-key';
import { forgetPendingKey, pendingKey } from './pending-key';
import { prepareStateDir } from './state-dir';

export interface EnrollOptions {
  readonly stateDir: string;
  /** One-time; kept nowhere. */
  readonly token: string;
  readonly backend: Pick<BackendClientOptions, 'url' | 'pins' | 'ca'>;
  readonly helperKeys: HelperPublicKeys | undefined;
  /** Replaces an earlier enrolment, once the new one has taken place. */
  readonly force: boolean;
  /** False: the host has a certificate from elsewhere, whose place the issued one would take. */
  readonly asksForCertificate?: boolean;
}

/**
 * Makes this host the gateway that the token was made for: a new key, made here; its public half and the helper's go to the
 * backend, with a request for a certificate; what it answers is kept beside the key. An earlier identity stays whole until then.
 * When the answer gets lost, the same token may be tried again.
 *
 * @throws AppError ALREADY_EXISTS when the host is enrolled and `force` is false; whatever the backend refuses by
 */
export async function enroll(
  { stateDir, token, backend, helperKeys, force, asksForCertificate = true }: EnrollOptions,
  { client }: { readonly client: Pick<BackendClient, 'post'> },
): Promise<EnrolledIdentity> {
  const owner = await prepareStateDir(stateDir);
  if (!force) assertNotEnrolled(stateDir);
  const path = enrollingKeyPath(stateDir, token);
  const { pem, key } = await pendingKey(path, { owner });
  const signed = {
    token,
    public_keys: {
      agent: publicJwkOf(key),
      ...(helperKeys === undefined ? {} : { sealing: helperKeys.sealing, signing: helperKeys.signing }),
    },
    ...(asksForCertificate && { csr: makeRequest(key) }),
  };
  const proof = signRequest(key, 'viw-enroll', signed);
  const request = { ...signed, proof };
  const answer = await client.post('/agent/enroll', request, enrollment).catch(async (error: unknown) => {
    // Without an answer it may have taken place: the same token and key are answered again.
    if (!(error instanceof AppError && error.retryable)) await forgetPendingKey(path);
    throw error;
  });
  const now = new Date().toISOString();
  const certificate = certificateFor(key, answer.certificate);
  const identity: EnrolledIdentity = {
    agent_id: answer.agent_id,
    private_key: pem,
    key_made_at: now,
    ...(certificate && { certificate }),
    enrolled_at: now,
    backend_url: backend.url,
    backend_pins: [...(backend.pins ?? [])],
    ...(backend.ca === undefined ? {} : { backend_ca: backend.ca }),
    hub_urls: answer.hub_urls,
    hub_pins: answer.hub_pins,
    command_keys: answer.command_keys,
  };
  // A next key of the former identity, whoever has left it there, is none of this one's.
  await forgetPendingKey(nextKeyPath(stateDir));
  await writeIdentity(stateDir, identity, { owner });
  await forgetPendingKey(path);
  return identity;
}

function assertNotEnrolled(stateDir: string): void {
  const earlier = readIdentity(stateDir);
  if (earlier === undefined) return;
  throw new AppError(
    'ALREADY_EXISTS',
    `this host is enrolled as ${earlier.agent_id}; --force replaces that identity`,
  );
}
