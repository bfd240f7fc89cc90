import { certAlertsStream, keptEntries, streams } from '@viw/contracts';
import type { AlertsBody } from '@viw/contracts';
import type { DueCheck, ServedCheckRepository } from '@viw/database';
import { foreignText } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import type { ChangeAnnouncer, StreamProducer } from '@viw/streams';
import type { WorkerMetrics } from '../worker-metrics';
import { lookAtServed, type Look, type ServedLookDeps } from './served-look';

export interface ServedWatchOptions {
  /** Between two looks at a virtual host, seconds. */
  readonly everyS: number;
}

export interface ServedWatchDeps extends ServedLookDeps {
  readonly servedChecks: Pick<ServedCheckRepository, 'due' | 'isCurrent' | 'record'>;
  readonly producer: Pick<StreamProducer, 'publish'>;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly metrics: Pick<WorkerMetrics, 'servedChecked'>;
  readonly logger: Logger;
}

/** What was not found in order is looked at again after so long, seconds. */
const AGAIN_S = 900;
/** Looks in a row without an answer, until people are told: a server may be down for a reboot. */
const UNKNOWN_LOOKS = 3;
const AT_ONCE = 8;
const BATCH = 200;
const PUBLISH_MS = 5_000;

/**
 * Still served? Of all workers one is to look at every virtual host with a proved certificate every few hours, and raises an
 * alert when something else is served: somebody has changed it, and the next renewal would not notice.
 */
export class ServedWatch {
  constructor(
    private readonly options: ServedWatchOptions,
    private readonly deps: ServedWatchDeps,
  ) {}

  /** Looks at all that are due, until `end`. */
  async turn(end: AbortSignal): Promise<void> {
    const { everyS } = this.options;
    const againS = Math.min(AGAIN_S, everyS);
    const due = await this.deps.servedChecks.due({ everyS, againS, limit: BATCH });
    const lane = async (): Promise<void> => {
      for (let check = due.shift(); check && !end.aborted; check = due.shift()) await this.#check(check);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  async #check(check: DueCheck): Promise<void> {
    const { servedChecks, changes, metrics, logger } = this.deps;
    const look = await lookAtServed(check, this.deps);
    if (!(await servedChecks.isCurrent(check))) return;
    metrics.servedChecked(look.outcome);
    if (look.outcome !== 'served')
      logger.warn(
        { event: 'certificate_not_seen', virtual_host_id: check.id, ...look },
        'not what was proved',
      );
    // Told before it is stored: after a crash in between it is told once more, which is the same alert.
    const alerts = alertsOf(check, look);
    for (const alert of alerts) await this.#publish(alert);
    if (!(await servedChecks.record(check, look))) {
      // Deleted, or given to another certificate, at this moment: nobody else would clear it.
      for (const { action, ...alert } of alerts)
        if (action === 'raised') await this.#publish({ ...alert, action: 'cleared' });
      return;
    }
    if (look.outcome !== check.before?.outcome)
      changes.announce([
        { kind: 'certificate', id: check.certificate_id },
        { kind: 'server', id: check.server_id },
      ]);
  }

  async #publish(alert: Omit<AlertsBody, 'at'>): Promise<void> {
    await this.deps.producer.publish(
      certAlertsStream,
      { ...alert, at: new Date().toISOString() },
      { timeoutMs: PUBLISH_MS, maxlen: keptEntries[streams.certAlerts] },
    );
  }
}

/** What people are to be told, given what they were told before. */
export function alertsOf(
  { id, server, server_names, before }: Pick<DueCheck, 'id' | 'server' | 'server_names' | 'before'>,
  { outcome, detail }: Look,
): Omit<AlertsBody, 'at'>[] {
  const where = `${server_names[0] ?? id} on ${server.name}`.slice(0, 140);
  const drift = { dedupe_key: `certificate-drift:${id}`, severity: 'critical' } as const;
  const unknown = { dedupe_key: `certificate-unchecked:${id}`, severity: 'warning' } as const;
  const words = { ...(detail !== undefined && { detail: foreignText(detail, 2_000) }) };
  const looks = before?.outcome === outcome ? before.looks + 1 : 1;
  const alerts: Omit<AlertsBody, 'at'>[] = [];
  if (outcome === 'drifted')
    alerts.push({ action: 'raised', ...drift, title: `Another certificate is served: ${where}`, ...words });
  if (outcome === 'served' && before !== null && before.outcome !== 'served')
    alerts.push({ action: 'cleared', ...drift, title: `The proved certificate is served again: ${where}` });
  if (outcome === 'unknown' && looks >= UNKNOWN_LOOKS)
    alerts.push({ action: 'raised', ...unknown, title: `Cannot see what is served: ${where}`, ...words });
  if (outcome !== 'unknown' && before?.outcome === 'unknown' && before.looks >= UNKNOWN_LOOKS)
    alerts.push({ action: 'cleared', ...unknown, title: `What is served can be seen again: ${where}` });
  return alerts;
}
