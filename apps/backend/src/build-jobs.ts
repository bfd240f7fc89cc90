import { advisoryLocks } from '@viw/contracts';
import { ElectedTask } from '@viw/database';
import type { ElectedTaskOptions } from '@viw/database';
import { PeriodicTask } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import type { AuditRetention } from './audit/retention';
import type { AuditSealer } from './audit/sealer';
import type { TokenKeyring } from './auth/token-keyring';
import type { PrivateCa } from './private-ca/private-ca';
import type { RevocationLists } from './private-ca/revocation-lists';
import type { Reconciler } from './reconciler/reconciler';
import type { SnapshotPublisher } from './registry/snapshot-publisher';
import type { AuthorityCertifier } from './private-ca/authority-certifier';
import type { AuthorityRotation } from './private-ca/authority-rotation';
import type { CommandKeyring } from './trust/command-keyring';
import type { KeyRotation } from './trust/key-rotation';

export interface Jobs {
  readonly reconciler: Reconciler;
  readonly snapshots: SnapshotPublisher;
  readonly sealer: AuditSealer;
  readonly retention: AuditRetention | undefined;
  readonly revocationLists: RevocationLists;
}

const BACKOFF = { baseMs: 200, capMs: 10_000 };
const RETENTION_EVERY_MS = 6 * 3_600_000;

/** What of all backends one does at a time. How soon another one goes on when that one ends: `standbyMs`. */
export function electedJobs(
  at: Pick<ElectedTaskOptions, 'databaseUrl' | 'applicationName'>,
  { reconciler, snapshots, sealer, retention, revocationLists }: Jobs,
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
    ...(retention === undefined
      ? []
      : [
          new ElectedTask(
            {
              ...at,
              name: 'audit-retention',
              key: advisoryLocks.auditRetention,
              everyMs: RETENTION_EVERY_MS,
              standbyMs: 60_000,
              // A turn walks what is due anew.
              backoff: { baseMs: 5_000, capMs: 600_000 },
              failureEvent: 'audit_retention_failed',
            },
            { run: (end) => retention.drop(end), logger },
          ),
        ]),
  ];
}

export interface Keyrings {
  readonly keyring: CommandKeyring;
  readonly rotation: KeyRotation;
  readonly tokenKeyring: TokenKeyring;
  readonly privateCa: PrivateCa;
  readonly authorityRotation: AuthorityRotation;
  readonly certifier: AuthorityCertifier;
}

/** How soon a backend knows of a key that another one has made or put in use. */
const KEYS_EVERY_MS = 2_000;
const AUTHORITIES_EVERY_MS = 30_000;
/** How soon an authority that a cert-worker asks for is certified. */
const AUTHORITY_REQUESTS_EVERY_MS = 5_000;

/** What every backend does: it keeps the keys of the installation at hand. */
export function keyTasks(
  { keyring, rotation, tokenKeyring, privateCa, authorityRotation, certifier }: Keyrings,
  logger: Logger,
): Component[] {
  return [
    new PeriodicTask(
      { name: 'command-keys', everyMs: KEYS_EVERY_MS, failureEvent: 'command_keys_failed' },
      { run: () => keyring.refresh().then(() => rotation.advance()), logger },
    ),
    new PeriodicTask(
      { name: 'token-keys', everyMs: KEYS_EVERY_MS, failureEvent: 'token_keys_failed' },
      { run: () => tokenKeyring.refresh(), logger },
    ),
    // Not only when a certificate is asked for: under a new key-encryption key they are sealed anew at the start.
    new PeriodicTask(
      {
        name: 'private-ca',
        everyMs: AUTHORITIES_EVERY_MS,
        retryMs: KEYS_EVERY_MS,
        failureEvent: 'private_ca_failed',
      },
      { run: () => privateCa.refresh(), logger },
    ),
    new PeriodicTask(
      {
        name: 'authority-requests',
        everyMs: AUTHORITY_REQUESTS_EVERY_MS,
        failureEvent: 'authority_requests_failed',
      },
      { run: () => certifier.run(), logger },
    ),
    // An announced authority is in use, everywhere, within this.
    new PeriodicTask(
      { name: 'authority-rotation', everyMs: KEYS_EVERY_MS, failureEvent: 'authority_rotation_failed' },
      { run: () => authorityRotation.advance(), logger },
    ),
  ];
}
