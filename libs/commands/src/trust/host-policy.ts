import { hostPolicyClaims } from '@viw/contracts';
import type { HostPolicyClaims } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { CompactSign, decodeJwt } from 'jose';
import type { PrivateSigningKey, TrustedKey } from '../keys';
import { jsonOfPayload, openTrustedJws } from './trusted-jws';

/** Keeps a signature made for something else from passing as a policy. */
export const hostPolicyTokenType = 'viw-host-policy+jws';

/** @throws ZodError for claims that do not match their schema */
export const signHostPolicy = (key: PrivateSigningKey, claims: HostPolicyClaims): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(hostPolicyClaims.parse(claims))))
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: hostPolicyTokenType })
    .sign(key);

/** @throws AppError INVALID_SIGNATURE unless one of the keys has signed it; SCHEMA_MISMATCH when it is no policy */
export async function openHostPolicy(jws: string, keys: readonly TrustedKey[]): Promise<HostPolicyClaims> {
  const byKid = new Map(keys.map((key) => [key.kid, key]));
  const payload = await openTrustedJws(jws, byKid, { typ: hostPolicyTokenType, kind: 'a host policy' });
  const parsed = hostPolicyClaims.safeParse(jsonOfPayload(payload));
  if (!parsed.success) throw new AppError('SCHEMA_MISMATCH', 'the signed text is no host policy');
  return parsed.data;
}

export interface FollowedPolicies {
  /** Newest that is vouched for, when it is newer than what was known. */
  readonly newest: HostPolicyClaims | undefined;
  /** Why others did not count. Of one that is older than what is known nothing is said. */
  readonly faults: readonly AppError[];
}

/**
 * Goes from policy to policy, each vouched for by a key of the one before. None takes effect that is not newer: an old one
 * brought again changes nothing.
 *
 * @param from what is trusted so far; `version` 0 when no policy is known
 */
export async function followHostPolicies(
  policies: readonly string[],
  from: { readonly version: number; readonly keys: readonly TrustedKey[] },
): Promise<FollowedPolicies> {
  let newest: HostPolicyClaims | undefined;
  const faults: AppError[] = [];
  for (const jws of policies) {
    const { version, keys } = newest ?? from;
    if (claimedVersion(jws) <= version) continue;
    try {
      newest = await openHostPolicy(jws, keys);
    } catch (error) {
      faults.push(error as AppError);
    }
  }
  return { newest, faults };
}

/** The keys that a policy names, not yet proved: for whoever has pinned none and believes the way it came. */
export function policyKeys(jws: string): readonly TrustedKey[] {
  try {
    return hostPolicyClaims.parse(decodeJwt(jws)).keys;
  } catch {
    return [];
  }
}

/** Not yet proved; Infinity for what cannot be read, so that it is looked at and refused. */
function claimedVersion(jws: string): number {
  try {
    const { version } = decodeJwt<{ version?: unknown }>(jws);
    return typeof version === 'number' ? version : Infinity;
  } catch {
    return Infinity;
  }
}
