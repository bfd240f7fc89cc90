import { handshakeHeader } from '@viw/agent-auth';
import { hasEdgeHeaders } from './certificate/mtls-edge-verifier';
import { claimedId, refusal } from './verifier';
import type { HandshakeRequest, HandshakeVerifier, ProvenIdentity, Refusal } from './verifier';

/**
 * Who it is that asks, by every proof that the request offers: all of them must hold and agree. The strongest way, which
 * is the first of the list, gives its name; whether what they prove opens the gateway is the registry's to say.
 */
export async function prove(
  request: HandshakeRequest,
  verifiers: readonly HandshakeVerifier[],
): Promise<ProvenIdentity | Refusal> {
  const { headers, viaTrustedProxy } = request;
  const claimed = claimedId(headers);
  if (!viaTrustedProxy && hasEdgeHeaders(headers))
    return refusal('NOT_ALLOWED', 'X-SSL-Client headers are accepted from trusted proxies only', claimed);
  const offered = verifiers.filter((each) => each.offeredBy(request));
  const auth = headers[handshakeHeader.auth];
  if (auth !== undefined && auth !== '' && !offered.some(({ way }) => way === 'hmac' || way === 'ed25519'))
    return refusal('BAD_SIGNATURE', 'no way that is switched on here can check this X-Agent-Auth', claimed);
  let proven: ProvenIdentity | undefined;
  for (const verifier of offered) {
    const identity = await verifier.verify(request);
    if (!identity.ok) return identity;
    if (proven && proven.agentId !== identity.agentId)
      return refusal('NOT_ALLOWED', 'two proofs of identity name two agents', claimed);
    const nonce = proven?.nonce ?? identity.nonce;
    const credentials = [...(proven?.credentials ?? []), ...(identity.credentials ?? [])];
    proven = { ...(proven ?? identity), credentials, ...(nonce !== undefined && { nonce }) };
  }
  return proven ?? refusal('BAD_REQUEST', missing(verifiers), claimed);
}

function missing(verifiers: readonly HandshakeVerifier[]): string {
  const ways = new Set(verifiers.map(({ way }) => way));
  const names = [];
  if (ways.has('hmac') || ways.has('ed25519')) names.push('header X-Agent-Auth');
  if (ways.has('mtls') || ways.has('mtls-edge')) names.push('a client certificate');
  return `${names.join(' or ') || 'a proof of identity'} is missing`;
}
