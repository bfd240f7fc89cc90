import { advisoryLocks } from '@viw/contracts';
import { ElectedTask } from '@viw/database';
import type { ElectedTaskOptions } from '@viw/database';
import type { Component, Logger } from '@viw/runtime';
import type { AuditSealer } from './audit/sealer';
import type { RevocationLists } from './private-ca/revocation-lists';
import type { Reconciler } from './reconciler/reconciler';
import type { SnapshotPublisher } from './registry/snapshot-publisher';

export interface Jobs {
  readonly reconciler: Reconciler;
  readonly snapshots: SnapshotPublisher;
  readonly sealer: AuditSealer;
  readonly revocationLists: RevocationLists;
}

const BACKOFF = { baseMs: 200, capMs: 10_000 };

/** What of all backends one does at a time. How soon another one goes on when that one ends: `standbyMs`. */
export function electedJobs(
  at: Pick<ElectedTaskOptions, 'databaseUrl' | 'applicationName'>,
  { reconciler, snapshots, sealer, revocationLists }: Jobs,
  logger: Logger,
): Component[] {
  return [
    new ElectedTask(
      {
        ...at,
        name: 'reconciler',
        key: advisoryLocks.reconciler,
        everyMs: 2_000,
        standbyMs: 5_000,
        backoff: BACKOFF,
        failureEvent: 'reconciler_failed',
      },
      { run: () => reconciler.reconcile(), logger },
    ),
    // Deltas reach hubs at once by the stream; this bounds what happens without one.
    new ElectedTask(
      {
        ...at,
        name: 'registry-snapshot',
        key: advisoryLocks.registrySnapshot,
        everyMs: 1_000,
        standbyMs: 2_000,
        backoff: { baseMs: 100, capMs: 3_000 },
        failureEvent: 'registry_snapshot_failed',
      },
      { run: () => snapshots.look(), logger },
    ),
    new ElectedTask(
      {
        ...at,
        name: 'audit-sealer',
        key: advisoryLocks.auditSealer,
        everyMs: 500,
        standbyMs: 2_000,
        backoff: BACKOFF,
        failureEvent: 'audit_sealer_failed',
      },
      { run: (end) => sealer.seal(end), logger },
    ),
    // How soon a revocation stands in the list of its authority.
    new ElectedTask(
      {
        ...at,
        name: 'revocation-lists',
        key: advisoryLocks.revocationLists,
        everyMs: 5_000,
        standbyMs: 5_000,
        backoff: BACKOFF,
        failureEvent: 'revocation_lists_failed',
      },
      { run: () => revocationLists.refresh(), logger },
    ),
  ];
}
