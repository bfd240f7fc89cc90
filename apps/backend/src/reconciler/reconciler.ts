import type { Logger } from '@viw/runtime';
import type { ChangeAnnouncer } from '@viw/streams';
import { TOKEN_KEY_OVERLAP_S } from '../auth/token-keyring';
import type { Repositories } from '../store';
import type { UnreadReports } from './unread-reports';

const RETENTION_EVERY_MS = 600_000;

/** For reports that are on their way when a time is over, seconds. */
const GRACE_S = 10;
/** A hub that has the agent takes a command within moments; after so long it must have got lost, seconds. */
const COMMAND_LOST_AFTER_S = 30;
const OPERATION_LOST_AFTER_S = 60;
const OUTBOX_KEPT_S = 86_400;
/** Longer than the longest TTL of a command. */
const IDEMPOTENCY_KEPT_HOURS = 8 * 24;

export interface ReconcilerDeps {
  readonly repositories: Pick<
    Repositories,
    | 'approvals'
    | 'commandReconcile'
    | 'operations'
    | 'outbox'
    | 'sessions'
    | 'idempotency'
    | 'revokedTokens'
    | 'tokenKeys'
  >;
  readonly unreadReports: Pick<UnreadReports, 'since'>;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly logger: Logger;
}

/**
 * Ends commands that never got an answer and requests that nobody decided about, publishes again what must have got lost,
 * and drops what is past its retention.
 * Every step is idempotent; of all backends one at a time is to do it.
 */
export class Reconciler {
  #retentionDue = 0;

  constructor(private readonly deps: ReconcilerDeps) {}

  async reconcile(): Promise<void> {
    await this.#endOverdue();
    const { commandReconcile, operations } = this.deps.repositories;
    const lost = await commandReconcile.requeueLost({ afterSeconds: COMMAND_LOST_AFTER_S });
    const stale = await operations.requeueStale({ afterSeconds: OPERATION_LOST_AFTER_S });
    if (lost.length + stale.length > 0)
      this.deps.logger.warn(
        { event: 'requeued', commands: lost.slice(0, 20), operations: stale.slice(0, 20) },
        'published again what got lost',
      );
    await commandReconcile.forgetPlainSecrets();
    await this.#expireApprovals();
    await this.#retention();
  }

  /** Without Redis nobody can say what hubs have reported: then nothing is ended. */
  async #endOverdue(): Promise<void> {
    const { repositories, unreadReports, changes, logger } = this.deps;
    const known = await unreadReports.since().then(
      (unreadSince) => ({ unreadSince }),
      () => undefined,
    );
    if (known === undefined) return;
    const ended = await repositories.commandReconcile.endOverdue({ graceSeconds: GRACE_S, ...known });
    if (ended.length > 0) {
      const some = ended.slice(0, 20).map(({ correlation_id, status }) => ({ correlation_id, status }));
      logger.info({ event: 'commands_overdue', count: ended.length, some }, 'overdue commands ended');
      changes.announce(
        ended.map(({ correlation_id: id, agent_id }) => ({ kind: 'command', id, parent_id: agent_id })),
      );
    }
  }

  async #expireApprovals(): Promise<void> {
    const expired = await this.deps.repositories.approvals.expire();
    this.deps.changes.announce(
      expired.map(({ id, agent_id: agent }) => ({
        kind: 'approval',
        id,
        ...(agent === null ? {} : { parent_id: agent }),
      })),
    );
  }

  async #retention(): Promise<void> {
    if (Date.now() < this.#retentionDue) return;
    const { outbox, sessions, idempotency, revokedTokens, tokenKeys } = this.deps.repositories;
    await outbox.deletePublished(OUTBOX_KEPT_S);
    await sessions.deleteExpired();
    await revokedTokens.deleteExpired();
    await tokenKeys.deleteReplaced(TOKEN_KEY_OVERLAP_S);
    await idempotency.deleteOlderThan(IDEMPOTENCY_KEPT_HOURS);
    this.#retentionDue = Date.now() + RETENTION_EVERY_MS;
  }
}
