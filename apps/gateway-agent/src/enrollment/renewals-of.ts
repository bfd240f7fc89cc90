import type { Clock, Component, Logger } from '@viw/runtime';
import type { AgentConfig } from '../config';
import type { EventSink } from '../events/host-events';
import { asksForCertificate, usesEnrolledKey } from '../load-config';
import { backendOf } from './backend-of';
import { keyRenewal } from './key-renewal';

const DAY_MS = 86_400_000;

/** The renewal of the agent's key and certificate: none where the key is not the one that enrolment made. */
export function renewalsOf(
  config: AgentConfig,
  { events, ...deps }: { readonly clock: Clock; readonly events: EventSink; readonly logger: Logger },
): Component[] {
  if (!usesEnrolledKey(config)) return [];
  const afterMs = config.GATEWAY_AGENT_KEY_RENEW_DAYS * DAY_MS || Infinity;
  const onRenewed = (what: string): void => events.emit('security', `agent_${what}.renewed`);
  const stateDir = config.GATEWAY_AGENT_STATE_DIR;
  return [
    keyRenewal(
      { stateDir, afterMs, asksForCertificate: asksForCertificate(config) },
      { ...deps, client: backendOf(config), onRenewed },
    ),
  ];
}
