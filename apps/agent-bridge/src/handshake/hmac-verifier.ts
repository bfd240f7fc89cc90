import { handshakeHeader, verifyHandshake } from '@viw/agent-auth';
import { agentId } from '@viw/contracts';
import type { Clock } from '@viw/runtime';
import { refusal } from './verifier';
import type { HandshakeVerifier } from './verifier';

/** The shared secret. It comes last in the table: a request without any proof is told what is missing. */
export const hmacVerifier = (
  { secret }: { secret: string },
  { clock }: { clock: Clock },
): HandshakeVerifier => ({
  way: 'hmac',
  offeredBy: () => true,
  verify: ({ headers, path }) => {
    const verdict = verifyHandshake(headers, path, { secret, now: clock.now() });
    if (verdict.ok) return { ok: true, way: 'hmac', agentId: verdict.agentId, nonce: verdict.nonce };
    const claimed = agentId.safeParse(headers[handshakeHeader.agentId]);
    return refusal(verdict.code, verdict.msg, claimed.data);
  },
});
