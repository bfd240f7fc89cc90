import { handshakeHeader } from '@viw/agent-auth';
import { hasEdgeHeaders } from './certificate/mtls-edge-verifier';
import { claimedId, refusal } from './verifier';
import type { HandshakeRequest, HandshakeVerifier, ProvenIdentity, Refusal } from './verifier';

/**
 * Who it is that asks, by every proof that the request offers: all of them must hold and agree. The strongest way, which
 * is the first of the list, gives its name; whether what they prove opens the gateway is the registry's to say. What counts only
 * alone is not asked where anything else is offered.
 */
export async function proveIdentity(
  request: HandshakeRequest,
  verifiers: readonly HandshakeVerifier[],
): Promise<ProvenIdentity | Refusal> {
  const { headers, viaTrustedProxy } = request;
  const claimed = claimedId(headers);
  if (!viaTrustedProxy && hasEdgeHeaders(headers))
    return refusal('NOT_ALLOWED', 'X-SSL-Client headers are accepted from trusted proxies only', claimed);
  const carried = verifiers.filter((each) => each.offeredBy(request));
  const offered = carried.some(({ onlyAlone }) => !onlyAlone)
    ? carried.filter(({ onlyAlone }) => !onlyAlone)
    : carried;
  const auth = headers[handshakeHeader.auth];
  if (auth !== undefined && auth !== '' && !offered.some(({ needs }) => needs === 'header X-Agent-Auth'))
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
  const needs = new Set(verifiers.flatMap((each) => each.needs ?? []));
  return `${[...needs].join(' or ') || 'a proof of identity'} is missing`;
}
