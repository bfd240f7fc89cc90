import type { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { handshakeHeader } from '@viw/agent-auth';
import { agentId } from '@viw/contracts';
import type { HandshakeErrorCode } from '@viw/contracts';

/** What a proof of identity is made from. Everything in it comes from a stranger. */
export interface HandshakeRequest {
  /** As requested, without query: this is what was signed. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the client, as far as trusted proxies tell it; else of the peer. A plain address: IPv4 never in its IPv6 form. */
  readonly ip: string;
  /** False: `ip` is that of a trusted proxy, which has not said for whom it asks. Nobody is known by such an address. */
  readonly clientKnown: boolean;
  /** The peer is a proxy whose identity headers count. */
  readonly viaTrustedProxy: boolean;
  /** Shown in the TLS handshake with this hub; `trusted`: TLS has verified its chain. */
  readonly clientCertificate?: { readonly certificate: X509Certificate; readonly trusted: boolean };
}

/** What proved an identity, where it belongs to one gateway alone. */
export type OwnCredential =
  | { readonly kind: 'key'; /** `x` of the public JWK. */ readonly x: string }
  | {
      readonly kind: 'certificate';
      readonly sha256: string;
      /** Its issuer is one that names gateways in certificates: it counts for a gateway with nothing of its own. */
      readonly namedByIssuer: boolean;
    };

/** An identity as long as its connection lasts. */
export interface SeenIdentity {
  readonly agentId: string;
  /** Name of the way that proved it. */
  readonly way: string;
  /** All that were proven. None: it was proven by something that others share (a secret, an address). */
  readonly credentials?: readonly OwnCredential[];
}

export interface ProvenIdentity extends SeenIdentity {
  readonly ok: true;
  /** Must not have been used before; absent where the proof cannot be replayed. */
  readonly nonce?: string;
}

export interface Refusal {
  readonly ok: false;
  readonly code: HandshakeErrorCode;
  /** Shown to the caller; without values that it sent. */
  readonly msg: string;
  /** What the caller claims to be, where that is well-formed. For records only. */
  readonly claimedId?: string;
  /** Seconds after which to come back. */
  readonly retryAfterS?: number;
}

/** One way to prove identity. */
export interface HandshakeVerifier {
  readonly way: string;
  /** What to tell a caller that offers no proof at all; absent when it could not bring it along anyway. */
  readonly needs?: 'header X-Agent-Auth' | 'a client certificate';
  /** True: it counts only where no other way is offered, because every request carries this proof. */
  readonly onlyAlone?: boolean;
  /** Whether the request carries this kind of proof, right or wrong. */
  offeredBy(request: HandshakeRequest): boolean;
  verify(request: HandshakeRequest): ProvenIdentity | Refusal | Promise<ProvenIdentity | Refusal>;
}

export const refusal = (
  code: Exclude<HandshakeErrorCode, 'BUSY'>,
  msg: string,
  claimedId?: string,
): Refusal => ({ ok: false, code, msg, ...(claimedId !== undefined && { claimedId }) });

/** A refusal for the moment. Whoever gets it is always told when to come back. */
export const busy = (msg: string, retryAfterS: number, claimedId?: string): Refusal => ({
  ...{ ok: false, code: 'BUSY', msg, retryAfterS },
  ...(claimedId !== undefined && { claimedId }),
});

/** The id in `X-Agent-Id` when it is well-formed; nothing has proven it. */
export const claimedId = (headers: IncomingHttpHeaders): string | undefined =>
  agentId.safeParse(headers[handshakeHeader.agentId]).data;
