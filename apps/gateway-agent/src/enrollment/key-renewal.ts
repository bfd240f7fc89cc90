import { PeriodicTask } from '@viw/runtime';
import type { Clock, Component, Logger } from '@viw/runtime';
import type { BackendClient } from './backend-client';
import { readIdentity } from './identity-file';
import { renewKey } from './renew-key';

export interface KeyRenewalOptions {
  readonly stateDir: string;
  /** Age of the key in milliseconds at which it is renewed, give or take a tenth: a fleet enrolled in one day does not renew in one. */
  readonly afterMs: number;
  /** Milliseconds between two looks at it. Default one hour. */
  readonly everyMs?: number;
}

export interface KeyRenewalDeps {
  readonly client: Pick<BackendClient, 'post'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRenewed?: () => void;
  readonly random?: () => number;
}

/** Renews the key of an enrolled agent when it is old enough. A failure costs nothing but the next attempt. */
export function keyRenewal(options: KeyRenewalOptions, deps: KeyRenewalDeps): Component {
  const { stateDir, afterMs, everyMs = 3_600_000 } = options;
  const { client, clock, logger, onRenewed, random = Math.random } = deps;
  const dueAfterMs = afterMs * (0.9 + 0.1 * random());
  const run = async (): Promise<void> => {
    const identity = readIdentity(stateDir);
    // By the host's clock, by which it was noted.
    if (identity === undefined || Date.now() - Date.parse(identity.key_made_at) < dueAfterMs) return;
    const formerUntil = await renewKey(stateDir, { client, clock });
    logger.info({ event: 'key_renewed', former_until: formerUntil }, 'the agent has a new key');
    onRenewed?.();
  };
  return new PeriodicTask(
    { name: 'key-renewal', everyMs, jitterMs: everyMs / 10, failureEvent: 'key_renewal_failed' },
    { run, logger },
  );
}
