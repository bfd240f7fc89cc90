import { handshakeHeader, isEd25519Auth, verifyKeyHandshake } from '@viw/agent-auth';
import type { Clock } from '@viw/runtime';
import type { GatewayRegistry } from '../registry/gateway-registry';
import { claimedId, refusal } from './verifier';
import type { HandshakeVerifier } from './verifier';

export interface Ed25519VerifierDeps {
  readonly registry: Pick<GatewayRegistry, 'entry'>;
  readonly clock: Clock;
}

/** The agent's own key, as the registry knows it. */
export const ed25519Verifier = ({ registry, clock }: Ed25519VerifierDeps): HandshakeVerifier => ({
  way: 'ed25519',
  needs: 'header X-Agent-Auth',
  offeredBy: ({ headers }) => {
    const auth = headers[handshakeHeader.auth];
    return typeof auth === 'string' && isEd25519Auth(auth);
  },
  verify: ({ headers, path }) => {
    const keyOf = (agentId: string) => registry.entry(agentId)?.signing_key;
    const verdict = verifyKeyHandshake(headers, path, { keyOf, now: clock.now() });
    if (!verdict.ok) return refusal(verdict.code, verdict.msg, claimedId(headers));
    const { agentId, nonce } = verdict;
    return {
      ok: true,
      way: 'ed25519',
      agentId,
      nonce,
      credentials: [{ kind: 'key', x: keyOf(agentId)?.x ?? '' }],
    };
  },
});
