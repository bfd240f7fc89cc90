import { handshakeHeader, isEd25519Auth, verifyHandshake } from '@viw/agent-auth';
import type { Clock } from '@viw/runtime';
import { claimedId, refusal } from './verifier';
import type { HandshakeVerifier } from './verifier';

/** The secret that agents share. */
export const hmacVerifier = (
  { secret }: { secret: string },
  { clock }: { clock: Clock },
): HandshakeVerifier => ({
  way: 'hmac',
  needs: 'header X-Agent-Auth',
  offeredBy: ({ headers }) => {
    const auth = headers[handshakeHeader.auth];
    return typeof auth === 'string' && auth !== '' && !isEd25519Auth(auth);
  },
  verify: ({ headers, path }) => {
    const verdict = verifyHandshake(headers, path, { secret, now: clock.now() });
    if (verdict.ok) return { ok: true, way: 'hmac', agentId: verdict.agentId, nonce: verdict.nonce };
    return refusal(verdict.code, verdict.msg, claimedId(headers));
  },
});
