import { closeCode } from '@viw/contracts';
import type { AgentSessionsBody } from '@viw/contracts';

export type EndReason = Extract<AgentSessionsBody, { kind: 'disconnected' }>['reason'];

/** Why a connection ends, as the session record says it, and the close code the agent sees. */
export interface End {
  readonly reason: EndReason;
  readonly code: number;
  /** Short text in the close frame; at most 123 bytes (RFC 6455 section 5.5.1). */
  readonly text: string;
  /** The peer does not read: cut instead of saying goodbye. */
  readonly terminate?: boolean;
}

export const ends = {
  replaced: { reason: 'replaced', code: closeCode.replaced, text: 'replaced by a newer connection' },
  silent: { reason: 'silent', code: closeCode.silent, text: 'silent for too long' },
  badFrames: { reason: 'policy', code: closeCode.policyViolation, text: 'too many bad frames' },
  tooLarge: { reason: 'policy', code: closeCode.frameTooLarge, text: 'frame too large' },
  tooFast: { reason: 'policy', code: closeCode.tooFast, text: 'too many frames' },
  unauthorised: { reason: 'policy', code: closeCode.unauthorised, text: 'not admitted any more' },
  decommissioned: { reason: 'policy', code: closeCode.decommissioned, text: 'decommissioned' },
  restarting: { reason: 'hub_restarting', code: closeCode.restarting, text: 'restarting' },
  overflow: { reason: 'error', code: closeCode.tryLater, text: 'not reading', terminate: true },
  unavailable: { reason: 'error', code: closeCode.tryLater, text: 'try later' },
} as const satisfies Record<string, End>;

/** Below the minimum version of its gateway. */
export const versionTooOld = (minimum: string): End => ({
  reason: 'policy',
  code: closeCode.versionTooOld,
  text: `VERSION_TOO_OLD: at least ${minimum} is needed`,
});

/** The agent closed, or the network did. 1000 and 1001 are a proper goodbye (RFC 6455 section 7.4.1). */
export const endedByPeer = (code: number): End => ({
  reason: code === 1000 || code === 1001 ? 'shutdown' : 'error',
  code,
  text: '',
});
