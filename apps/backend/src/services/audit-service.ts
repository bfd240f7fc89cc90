import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { auditReport, AuditVerification } from '@viw/contracts';
import type { AuditFilter, ChainedAuditRecord, ListOptions, Page } from '@viw/database';
import { redactValue } from '@viw/runtime';
import type { z } from 'zod';
import type { ExportFormat } from '../audit/export';
import { exportHead, exportLines, exportType } from '../audit/export';
import type { AuditVerifier, KnownPlace } from '../audit/verification';
import type { Caller } from '../auth/caller';
import { principalOf } from '../auth/caller';
import type { RequestFacts } from '../http/route';
import type { Repositories } from '../store';
import { auditEntry } from './audit-trail';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

const EXPORT_BATCH = 500;

export interface AuditServiceDeps {
  readonly repositories: Pick<Repositories, 'audit'>;
  readonly verifier: Pick<AuditVerifier, 'verify'>;
  readonly writes: IdempotentWrites;
}

/** The audit log as people read, check and take away, and as other systems add to. */
export class AuditService {
  #verifying: Promise<AuditVerification> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: AuditServiceDeps) {}

  list(options: ListOptions & AuditFilter): Promise<Page<ChainedAuditRecord>> {
    return this.deps.repositories.audit.list(options);
  }

  /**
   * Walks the whole chain, one walk at a time: each holds a connection and a state of the tables. Who asks for the same while one is under way
   * gets its answer.
   */
  verify(known: KnownPlace | undefined): Promise<AuditVerification> {
    if (known !== undefined) return this.#inTurn(known);
    this.#verifying ??= this.#inTurn(undefined).finally(() => (this.#verifying = undefined));
    return this.#verifying;
  }

  #inTurn(known: KnownPlace | undefined): Promise<AuditVerification> {
    const turn = this.#last.then(() => this.deps.verifier.verify(known));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Oldest first, as fast as the caller reads. That it was taken away stands in the log before it leaves. */
  async export(
    { caller, request }: { readonly caller: Caller; readonly request: RequestFacts },
    { format, filter }: { readonly format: ExportFormat; readonly filter: AuditFilter },
    response: ServerResponse,
  ): Promise<void> {
    const { audit } = this.deps.repositories;
    const detail = { format, filter: withoutUndefined(filter) };
    await audit.append(
      auditEntry(principalOf(caller), request, 'success', { action: 'audit.export', detail }),
    );
    response.writeHead(200, {
      'Content-Type': exportType[format],
      'Content-Disposition': `attachment; filename="viw-audit.${format}"`,
    });
    response.write(exportHead(format));
    for await (const records of audit.batches(filter, EXPORT_BATCH)) {
      if (response.destroyed) return;
      if (!response.write(exportLines(format, records))) await drained(response);
    }
    response.end();
  }

  /** What another system reports stands beside what viw has seen itself, and cannot be taken for it. */
  async report(write: WriteRequest, input: z.output<typeof auditReport>): Promise<void> {
    const { timestamp, action, dataType, userId, certificateUsed, additionalData } = input;
    await this.deps.writes.perform(write, async () => ({
      answer: null,
      audit: {
        action: `reported.${action}`,
        object: { kind: 'user', id: userId },
        detail: {
          timestamp,
          data_type: dataType,
          certificate_used: certificateUsed,
          ...(additionalData && { additional_data: redactValue(additionalData) as object }),
        },
      },
    }));
  }
}

/** Resolves as well when the caller has gone. */
async function drained(response: ServerResponse): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]).catch(
    () => undefined,
  );
  over.abort();
}

const withoutUndefined = (filter: AuditFilter): Record<string, unknown> =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
