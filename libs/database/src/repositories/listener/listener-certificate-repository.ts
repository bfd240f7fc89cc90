import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import { AuditRepository } from '../audit/audit-repository';
import type { RepositoryDeps } from '../repository';
import { inTransaction } from '../../connection';

export interface ListenerFailure {
  readonly code: string;
  /** Nothing secret. */
  readonly detail: string;
}

export interface ListenerCertificate {
  /** 0: there is none yet. */
  readonly version: number;
  readonly pem: string | null;
  readonly sealed: SealedEnvelope | null;
  readonly not_after: string | null;
  readonly failure: ListenerFailure | null;
  /** The next one is wanted now, and nobody is at it. */
  readonly due: boolean;
}

export interface ListenerClaim {
  readonly fencing: number;
  /** Attempts that have failed in a row. */
  readonly failures: number;
  readonly not_after: string | null;
  /** Of an attempt that died. */
  readonly order_url: string | null;
  readonly order_sealed: SealedEnvelope | null;
}

export interface NewListenerCertificate {
  readonly pem: string;
  readonly sealed: SealedEnvelope;
  readonly notAfter: Date;
  readonly renewAt: Date;
}

/** Wanted, and neither worked on nor put off: the rows that `claim` takes. */
const due = sql<boolean>`(version = 0 OR renew_at <= now()) AND coalesce(lease_until, '-infinity') <= now()
  AND coalesce(next_attempt_at, '-infinity') <= now()`;
/** A configuration that no backend has had for so long leaves nothing behind. */
const UNUSED_DAYS = 30;

/** The certificate of the backends' own listener, and who works on its next one. Times are the database's. */
export class ListenerCertificateRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** To be called at a start and once a day: makes the row, or says that it is in use. */
  async use(id: string, names: readonly string[]): Promise<void> {
    await sql`INSERT INTO viw.listener_certificates (id, names) VALUES (${id}, ${[...names]})
      ON CONFLICT (id) DO UPDATE SET used_at = now()`.execute(this.deps.db);
    await sql`DELETE FROM viw.listener_certificates
      WHERE used_at < now() - make_interval(days => ${UNUSED_DAYS})`.execute(this.deps.db);
  }

  async find(id: string): Promise<ListenerCertificate | undefined> {
    const { rows } = await sql<ListenerCertificate>`
      SELECT version, pem, sealed, not_after, failure, (${due}) AS due
      FROM viw.listener_certificates WHERE id = ${id}`.execute(this.deps.db);
    return rows[0];
  }

  /** Of several backends at once one gets it. Undefined: nothing is due, or another one has it. */
  async claim(id: string, leaseS: number): Promise<ListenerClaim | undefined> {
    const { rows } = await sql<ListenerClaim>`
      UPDATE viw.listener_certificates
      SET lease_until = now() + make_interval(secs => ${leaseS}), fencing = fencing + 1
      WHERE id = ${id} AND ${due}
      RETURNING fencing, failures, not_after, order_url, order_sealed`.execute(this.deps.db);
    return rows[0];
  }

  /** False: it is somebody else's now, or done. So for all writes below. */
  renewLease(id: string, fencing: number, leaseS: number): Promise<boolean> {
    return this.#held(id, fencing, sql`lease_until = now() + make_interval(secs => ${leaseS})`);
  }

  /** The order that a later attempt can go on with. */
  noteOrder(id: string, fencing: number, url: string): Promise<boolean> {
    return this.#held(id, fencing, sql`order_url = ${url}, order_sealed = NULL`);
  }

  /** The key of the certificate that is being ordered. */
  noteOrderKey(id: string, fencing: number, sealed: SealedEnvelope): Promise<boolean> {
    return this.#held(id, fencing, sql`order_sealed = ${JSON.stringify(sealed)}::jsonb`);
  }

  /** Ends the claim, with a line in the audit log. */
  save(
    id: string,
    fencing: number,
    { pem, sealed, notAfter, renewAt }: NewListenerCertificate,
  ): Promise<boolean> {
    const change = sql`version = version + 1, pem = ${pem}, sealed = ${JSON.stringify(sealed)}::jsonb,
      not_after = ${notAfter}, renew_at = ${renewAt}, lease_until = NULL, failures = 0, next_attempt_at = NULL,
      failure = NULL, order_url = NULL, order_sealed = NULL, answers = '{}'`;
    return this.#audited(id, fencing, change, { outcome: 'success', not_after: notAfter.toISOString() });
  }

  /** Ends the claim, with a line in the audit log. The order, if there is one, is kept. */
  fail(id: string, fencing: number, failure: ListenerFailure, nextAttemptAt: Date): Promise<boolean> {
    const change = sql`failures = failures + 1, next_attempt_at = ${nextAttemptAt},
      failure = ${JSON.stringify(failure)}::jsonb, lease_until = NULL, answers = '{}'`;
    return this.#audited(id, fencing, change, { outcome: 'failure', ...failure });
  }

  /** Ends the claim as if nothing had been tried: for a backend that stops. */
  release(id: string, fencing: number): Promise<boolean> {
    return this.#held(id, fencing, sql`lease_until = NULL`);
  }

  /** The same key under another key-encryption key; nothing when there is another certificate meanwhile. */
  async reseal(id: string, version: number, sealed: SealedEnvelope): Promise<void> {
    await sql`UPDATE viw.listener_certificates SET sealed = ${JSON.stringify(sealed)}::jsonb
      WHERE id = ${id} AND version = ${version}`.execute(this.deps.db);
  }

  #audited(
    id: string,
    fencing: number,
    change: RawBuilder<unknown>,
    { outcome, ...detail }: { readonly outcome: 'success' | 'failure' } & Readonly<Record<string, string>>,
  ): Promise<boolean> {
    return inTransaction(this.deps.db, async (trx) => {
      const done = await this.#held(id, fencing, change, trx);
      if (done)
        await new AuditRepository({ db: trx }).append({
          actor: { kind: 'system', id: 'backend', name: 'listener certificate' },
          action: 'listener_certificate.issue',
          object: { kind: 'listener_certificate', id },
          outcome,
          detail,
        });
      return done;
    });
  }

  async #held(id: string, fencing: number, change: RawBuilder<unknown>, db = this.deps.db): Promise<boolean> {
    const { rows } = await sql`UPDATE viw.listener_certificates SET ${change}
      WHERE id = ${id} AND fencing = ${fencing} AND lease_until IS NOT NULL RETURNING 1`.execute(db);
    return rows.length > 0;
  }
}
