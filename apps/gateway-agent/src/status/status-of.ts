import type { AgentConfig } from '../config';
import type { ConnectionReport } from '../connection/connection-report';
import type { AgentIdentity } from '../connection/identity';
import { readableIdentity } from '../enrollment/identity-file';
import { lifeOf } from '../enrollment/own-certificate';
import type { HelperState } from '../events/helper-watch';
import { usesEnrolledKey } from '../load-config';
import type { AgentStatus } from './agent-status';

export interface StatusSources {
  readonly version: string;
  readonly identity: Pick<AgentIdentity, 'way'>;
  readonly connection: { report(): ConnectionReport };
  readonly session: {
    readonly sessionId: string | undefined;
    readonly confirmedSeq: number | undefined;
    readonly confirmedAt: Date | undefined;
  };
  readonly clock: { readonly offsetMs: number };
  readonly commands: { readonly inFlight: number };
  readonly outbox: { readonly size: number };
  /** Missing on a gateway that only reports. */
  readonly helperWatch?: { readonly state: HelperState } | undefined;
}

/** Puts the status together when it is asked for. */
export function statusOf(config: AgentConfig, sources: StatusSources): () => AgentStatus {
  const startedAt = new Date().toISOString();
  return () => ({
    agent_id: config.GATEWAY_AGENT_ID,
    version: sources.version,
    pid: process.pid,
    started_at: startedAt,
    identity: { way: sources.identity.way, ...enrolled(config) },
    connection: sources.connection.report(),
    session_id: sources.session.sessionId ?? null,
    clock_offset_ms: sources.clock.offsetMs,
    acknowledged: {
      seq: sources.session.confirmedSeq ?? null,
      at: sources.session.confirmedAt?.toISOString() ?? null,
    },
    commands: { in_flight: sources.commands.inFlight, results_waiting: sources.outbox.size },
    helper: sources.helperWatch?.state ?? 'none',
    rss_mb: Math.round(process.memoryUsage.rss() / 1_048_576),
  });
}

function enrolled(config: AgentConfig): Omit<AgentStatus['identity'], 'way'> {
  const identity = usesEnrolledKey(config) ? readableIdentity(config.GATEWAY_AGENT_STATE_DIR) : undefined;
  const life = identity?.certificate && lifeOf(identity.certificate.pem);
  return {
    key_made_at: identity?.key_made_at ?? null,
    certificate_until: life === undefined ? null : new Date(life.until).toISOString(),
  };
}
