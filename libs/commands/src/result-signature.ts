import { createHash } from 'node:crypto';
import type { HelperReply } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { canonicalJson } from './canonical-json';
import type { PrivateSigningKey, TrustedKey } from './keys';

export const resultTokenType = 'viw-result+jws';

/** The part of a RESULT that is signed: everything the host said, nothing the agent adds. */
export type SignedResult = Omit<HelperReply, 'sig'> & {
  readonly correlation_id: string;
  readonly agent_id: string;
  readonly verb: string;
};

const signedText = z.object({ corr_id: z.string(), agent_id: z.string(), digest: z.string() });

/** base64url SHA-256 of the result's RFC 8785 form. */
export function resultDigest(result: SignedResult): string {
  const { correlation_id, agent_id, verb, status, rc, stdout, stderr, truncated, duration_ms, error } =
    result;
  const signed = {
    correlation_id: correlation_id.toLowerCase(),
    agent_id,
    verb,
    status,
    rc,
    stdout,
    stderr,
    truncated,
    duration_ms,
    error: error === undefined ? null : { code: error.code, msg: error.msg },
  };
  return createHash('sha256').update(canonicalJson(signed)).digest('base64url');
}

/** `sig` of a RESULT: compact JWS, EdDSA, `typ: viw-result+jws`, over `{corr_id, agent_id, digest}`. */
export function signResult(key: PrivateSigningKey, result: SignedResult): Promise<string> {
  const payload = {
    corr_id: result.correlation_id.toLowerCase(),
    agent_id: result.agent_id,
    digest: resultDigest(result),
  };
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: resultTokenType })
    .sign(key);
}

/** The key that a result's signature says it is by; undefined when it says nothing that can be read. Proves nothing. */
export function resultSignatureKid(sig: string): string | undefined {
  try {
    return decodeProtectedHeader(sig).kid;
  } catch {
    return undefined;
  }
}

/** @throws AppError INVALID_SIGNATURE unless the key made `sig` for exactly this result */
export async function verifyResult(
  key: Omit<TrustedKey, 'kid'>,
  result: SignedResult,
  sig: string,
): Promise<void> {
  try {
    const { payload, protectedHeader } = await compactVerify(sig, key, { algorithms: ['EdDSA'] });
    const said = signedText.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
    const matches =
      protectedHeader.typ === resultTokenType &&
      said.corr_id === result.correlation_id.toLowerCase() &&
      said.agent_id === result.agent_id &&
      said.digest === resultDigest(result);
    if (matches) return;
  } catch {
    // Said below, in one way for every fault.
  }
  throw new AppError('INVALID_SIGNATURE', 'the result’s signature does not match');
}
