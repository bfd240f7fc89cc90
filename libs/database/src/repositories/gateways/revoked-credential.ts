import type { Db } from '../../connection';
import type { CredentialKind } from '../../schema/gateways';

export type CredentialValue =
  { readonly publicJwk: { readonly x: string } } | { readonly certificateSha256: string };

/**
 * Whether the gateway has had this very key or certificate and it was revoked. One that is active is not, whatever
 * became of it before.
 */
export async function wasRevoked(
  db: Db,
  agentId: string,
  kind: CredentialKind,
  value: CredentialValue,
): Promise<boolean> {
  const rows = await db
    .selectFrom('gateway_credentials')
    .select(['public_jwk', 'certificate_sha256', 'active'])
    .where('agent_id', '=', agentId)
    .where('kind', '=', kind)
    .where((where) => where.or([where('active', '=', true), where('revoked_at', 'is not', null)]))
    .execute();
  const wanted = 'publicJwk' in value ? keyBytes(value.publicJwk.x) : value.certificateSha256;
  const same = rows.filter(
    ({ public_jwk: jwk, certificate_sha256: sha256 }) =>
      (jwk === null ? sha256 : keyBytes(jwk['x'] ?? '')) === wanted,
  );
  return same.length > 0 && !same.some(({ active }) => active);
}

/** One key can be written in several ways: with another `kid`, with padding, with spare bits that say nothing. */
const keyBytes = (x: string): string => Buffer.from(x, 'base64url').toString('hex');
