import { handshakeHeader, isEd25519Auth, verifyKeyHandshake } from '@viw/agent-auth';
import type { RegistryEntry } from '@viw/contracts';
import type { Clock } from '@viw/runtime';
import type { GatewayRegistry } from '../registry/gateway-registry';
import { claimedId, refusal } from './verifier';
import type { HandshakeVerifier } from './verifier';

export interface Ed25519VerifierDeps {
  readonly registry: Pick<GatewayRegistry, 'entry'>;
  readonly clock: Clock;
}

/**
 * The agent's own key, as the registry knows it; for a while after a renewal the one before it as well. A connection that was
 * opened by that one may outlast the while: it was proven when it counted.
 */
export const ed25519Verifier = ({ registry, clock }: Ed25519VerifierDeps): HandshakeVerifier => ({
  way: 'ed25519',
  needs: 'header X-Agent-Auth',
  offeredBy: ({ headers }) => {
    const auth = headers[handshakeHeader.auth];
    return typeof auth === 'string' && isEd25519Auth(auth);
  },
  verify: ({ headers, path }) => {
    const now = clock.now();
    const presentKey = (agentId: string) => registry.entry(agentId)?.signing_key;
    const formerKey = (agentId: string) => formerKeyOf(registry.entry(agentId), now);
    const by = (keyOf: typeof presentKey) => ({
      keyOf,
      verdict: verifyKeyHandshake(headers, path, { keyOf, now }),
    });
    const claimed = claimedId(headers);
    let { keyOf, verdict } = by(presentKey);
    if (!verdict.ok && verdict.code === 'BAD_SIGNATURE' && claimed !== undefined && formerKey(claimed))
      ({ keyOf, verdict } = by(formerKey));
    if (!verdict.ok) return refusal(verdict.code, verdict.msg, claimed);
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

const formerKeyOf = (entry: RegistryEntry | undefined, now: number) =>
  entry?.former_key !== undefined && now < Date.parse(entry.former_key.until)
    ? entry.former_key.key
    : undefined;
