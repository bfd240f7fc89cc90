import { auditSummary } from '@viw/commands';
import type { AuditSummary, HelperClient } from '@viw/commands';
import { PeriodicTask } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import { randomUUID } from 'node:crypto';
import type { EventSink } from './host-events';

export interface AuditSummaryOptions {
  /** Milliseconds between two summaries. Default 15 min. */
  readonly everyMs?: number;
}

export interface AuditSummaryDeps {
  readonly helper: Pick<HelperClient, 'call'>;
  readonly events: EventSink;
  readonly logger: Logger;
}

const TIMEOUT_MS = 5_000;
const VERB = 'audit_summary';

/**
 * Passes on what the helper counts of its own work, when there is anything new: an agent that hides results does not change
 * these figures, since the reply goes on as it came, with the helper's signature.
 */
export function auditSummaries(
  { everyMs = 900_000 }: AuditSummaryOptions,
  { helper, events, logger }: AuditSummaryDeps,
): Component {
  let last: AuditSummary | undefined;
  const run = async (): Promise<void> => {
    const correlationId = randomUUID();
    const reply = await helper.call({ verb: VERB, correlationId, timeoutMs: TIMEOUT_MS });
    if (reply.status !== 'success') return;
    const summary = auditSummary.parse(JSON.parse(reply.stdout));
    if (summary.actions === 0 || (summary.actions === last?.actions && summary.since === last.since)) return;
    last = summary;
    events.emit('audit', 'helper.summary', { ...summary, proof: { correlation_id: correlationId, reply } });
  };
  return new PeriodicTask(
    { name: 'audit-summary', everyMs, runAtStart: false, failureEvent: 'audit_summary_failed' },
    { run, logger },
  );
}
