import { PeriodicTask } from '@viw/runtime';
import type { Clock, Component, Logger } from '@viw/runtime';
import type { BackendClient } from './backend-client';
import { readIdentity } from './identity-file';
import { renewalDue } from './renewal-due';
import { renewKey } from './renew-key';

export interface KeyRenewalOptions {
  readonly stateDir: string;
  /** Age of the key in milliseconds at which it is renewed, or up to a tenth before; Infinity: never. */
  readonly afterMs: number;
  /** As in `renewKey`. */
  readonly asksForCertificate?: boolean;
  /** Milliseconds between two looks at it. Default one hour. */
  readonly everyMs?: number;
}

export interface KeyRenewalDeps {
  readonly client: Pick<BackendClient, 'post'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRenewed?: (what: 'key' | 'certificate') => void;
  readonly random?: () => number;
}

/** Renews key and certificate of an enrolled agent when they are old enough. A failure costs nothing but the next attempt. */
export function keyRenewal(options: KeyRenewalOptions, deps: KeyRenewalDeps): Component {
  const { stateDir, afterMs, asksForCertificate = true, everyMs = 3_600_000 } = options;
  const { client, clock, logger, onRenewed, random = Math.random } = deps;
  const due = { keyAfterMs: afterMs, spread: 0.9 + 0.1 * random() };
  const run = async (): Promise<void> => {
    const identity = readIdentity(stateDir);
    const what = identity && renewalDue(identity, due, clock.now());
    if (what === undefined || (what === 'certificate' && !asksForCertificate)) return;
    const formerUntil = await renewKey(stateDir, { client, clock }, { what, asksForCertificate });
    logger.info({ event: `${what}_renewed`, former_until: formerUntil }, `the agent has a new ${what}`);
    onRenewed?.(what);
  };
  return new PeriodicTask(
    { name: 'key-renewal', everyMs, jitterMs: everyMs / 10, failureEvent: 'key_renewal_failed' },
    { run, logger },
  );
}
