import type { Asker, AuditEntry, Principal } from '@viw/database';
import type { Logger } from '@viw/runtime';
import type { Caller } from '../auth/caller';
import { principalOf } from '../auth/caller';
import type { RequestFacts } from '../http/route';
import type { Repositories } from '../store';

export type AuditNote = Pick<AuditEntry, 'action' | 'object' | 'detail'>;

export const auditEntry = (
  actor: Principal,
  { correlationId, address }: Pick<RequestFacts, 'correlationId' | 'address'>,
  outcome: AuditEntry['outcome'],
  note: AuditNote,
): AuditEntry => ({ actor, outcome, correlation_id: correlationId, address, ...note });

/** For work that a worker ends: it writes the line about that. */
export const askerOf = ({
  caller,
  request,
}: {
  readonly caller: Caller;
  readonly request: Pick<RequestFacts, 'correlationId'>;
}): Asker => ({ by: principalOf(caller), correlation_id: request.correlationId });

/** What was refused, which has no transaction of its own. What was done is recorded in the transaction that did it. */
export class AuditTrail {
  constructor(private readonly deps: { repositories: Pick<Repositories, 'audit'>; logger: Logger }) {}

  async denied(caller: Caller, facts: RequestFacts, reason: string): Promise<void> {
    const note = { action: 'request.denied', detail: { target: facts.target.slice(0, 500), reason } };
    await this.append(auditEntry(principalOf(caller), facts, 'denied', note));
  }

  /** A refusal stays a refusal when it cannot be recorded; the log says so then. */
  async append(entry: AuditEntry): Promise<void> {
    await this.deps.repositories.audit.append(entry).catch((error: unknown) => {
      this.deps.logger.error(
        { event: 'audit_failed', action: entry.action, error },
        'not recorded in the audit log',
      );
    });
  }
}
