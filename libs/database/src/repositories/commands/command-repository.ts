import type { CommandRecord, CommandStatus } from '@viw/contracts';
import { commandsStream } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import { inTransaction } from '../../connection';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { Principal } from '../../schema/columns';
import type { AuditEntry } from '../audit/audit-repository';
import type { Scoped } from '../access/scope-conditions';
import { verbInScope } from '../access/scope-conditions';
import type { CommandRequest, MadeCommand } from './command-acceptance';
import { lookBeforeAcceptance, storeAccepted } from './command-acceptance';
import type { CommandRow } from './command-record';
import { commandColumns, openStatuses, recordOf, resultJoin } from './command-record';
import type { CommandTarget } from './command-target';
import { OutboxRepository } from '../outbox/outbox-repository';
import type { RepositoryDeps } from '../repository';

export interface AcceptOptions {
  /** Open commands that the agent may have; default 100. */
  readonly maxOpen?: number;
  /** Of the acceptance; a repetition has none. */
  readonly audit?: AuditEntry;
}

export interface Accepted {
  /** False: the same request was accepted before. */
  readonly created: boolean;
  /** Of the command that was accepted, now or then. */
  readonly correlation_id: string;
  /**
   * Nothing was accepted. `needed`: a second person has to approve first, and has not been asked; `asked`: the same request
   * asked before.
   */
  readonly approval?: 'needed' | 'asked';
}

/** A gateway changes rarely, and a command is made within milliseconds. */
const MOST_ATTEMPTS = 5;

/** What there is to show of a command with a secret in its result. */
export interface CommandSecrets {
  readonly verb: string;
  /** As it is stored: secret members are sealed. */
  readonly stdout: string;
  readonly shown_before: boolean;
  readonly issued_by: Principal;
}

/** Commands as the backend accepts and shows them. */
export class CommandRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * Row, outbox entry and audit line at one moment. The same correlation id or (issuer, idempotency key) gives the first
   * answer, whatever has become of the gateway since.
   *
   * @param make the command, for the gateway as it is; asked again when the gateway or the verb's policy has changed
   *   meanwhile. Undefined: a second person has to approve first. What it throws leaves nothing behind
   * @throws AppError CONFLICT when that first request was another one; QUEUE_FULL when the agent has too many open, or too
   *   many other gateways have one of this verb; UNAVAILABLE when the gateway changed every time
   */
  async accept(
    request: CommandRequest,
    make: (target: CommandTarget) => MadeCommand | undefined | Promise<MadeCommand | undefined>,
    { maxOpen = 100, audit }: AcceptOptions = {},
  ): Promise<Accepted> {
    const { db } = this.deps;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const { correlation_id } = request;
      const { first, asked, target, seen } = await lookBeforeAcceptance(db, request);
      if (first !== undefined) return { created: false, correlation_id: first };
      if (asked) return { created: false, correlation_id, approval: 'asked' };
      const made = await make(target);
      if (made === undefined) return { created: false, correlation_id, approval: 'needed' };
      const command = { ...request, ...made };
      const outcome = await storeAccepted(db, command, { seen, maxOpen, audit });
      if (outcome === 'accepted') return { created: true, correlation_id };
      if (outcome === 'queue_full')
        throw new AppError('QUEUE_FULL', `${request.agent_id} has ${maxOpen} open commands`, {
          meta: { retry_after_s: 5 },
        });
      if (outcome === 'too_many_targets')
        throw new AppError(
          'QUEUE_FULL',
          `As many gateways as its policy allows have a ${request.verb} open`,
          {
            meta: { retry_after_s: 5 },
          },
        );
    }
    throw new AppError('UNAVAILABLE', `${request.agent_id} changes all the time: try again`);
  }

  async countOpen(agentId: string): Promise<number> {
    const { rows } = await sql<{ n: number }>`
      SELECT count(*) AS n FROM viw.agent_commands WHERE agent_id = ${agentId} AND status IN ${openStatuses}`.execute(
      this.deps.db,
    );
    return rows[0]?.n ?? 0;
  }

  async get(agentId: string, correlationId: string): Promise<CommandRecord | undefined> {
    if (!isUuid(correlationId)) return undefined;
    const { rows } = await sql<CommandRow>`
      SELECT ${commandColumns} FROM viw.agent_commands c ${resultJoin}
      WHERE c.agent_id = ${agentId} AND c.correlation_id = ${correlationId}`.execute(this.deps.db);
    return rows[0] && recordOf(rows[0]);
  }

  /** Newest first. */
  async list(
    agentId: string,
    options: ListOptions & Scoped & { readonly status?: CommandStatus | undefined } = {},
  ): Promise<Page<CommandRecord>> {
    const limit = limitOf(options);
    const after =
      options.cursor === undefined
        ? undefined
        : decodeCursor(options.cursor, [cursorShape.instant, cursorShape.uuid]);
    const where = sql`c.agent_id = ${agentId} AND ${verbInScope(options.scope)} AND ${
      options.status === undefined ? sql`true` : sql`c.status = ${options.status}`
    }`;
    const { rows } = await sql<CommandRow>`
      SELECT ${commandColumns} FROM viw.agent_commands c ${resultJoin} WHERE ${where}
        AND ${after ? sql`(c.accepted_at, c.correlation_id) < (${after[0]}::timestamptz, ${after[1]}::uuid)` : sql`true`}
      ORDER BY c.accepted_at DESC, c.correlation_id DESC LIMIT ${limit + 1}`.execute(this.deps.db);
    const total = options.total
      ? (
          await sql<{ n: number }>`SELECT count(*) AS n FROM viw.agent_commands c WHERE ${where}`.execute(
            this.deps.db,
          )
        ).rows[0]?.n
      : undefined;
    return pageOf(rows, limit, (row) => [row.accepted_at, row.correlation_id], recordOf, total);
  }

  /**
   * Notes that the secrets of the command's result are shown, in the caller's transaction. Undefined: no such command, or no
   * result of it that is believed.
   */
  async takeSecrets(agentId: string, correlationId: string): Promise<CommandSecrets | undefined> {
    if (!isUuid(correlationId)) return undefined;
    const { rows } = await sql<
      Omit<CommandSecrets, 'issued_by'> & { kind: string; id: string; name: string }
    >`
      WITH command AS (SELECT * FROM viw.agent_commands
        WHERE agent_id = ${agentId} AND correlation_id = ${correlationId} FOR UPDATE),
      noted AS (UPDATE viw.agent_commands SET secrets_shown_at = coalesce(secrets_shown_at, now())
        WHERE correlation_id IN (SELECT correlation_id FROM command))
      SELECT c.verb, r.stdout, c.secrets_shown_at IS NOT NULL AS shown_before, c.issued_by_kind AS kind,
        c.issued_by_id AS id, c.issued_by_name AS name
      FROM command c JOIN LATERAL (SELECT stdout FROM viw.agent_command_results r
        WHERE r.correlation_id = c.correlation_id AND r.agent_id = c.agent_id AND r.believed
        ORDER BY r.signature = 'valid' DESC, r.late, r.id DESC LIMIT 1) r ON true`.execute(this.deps.db);
    const [row] = rows;
    if (row === undefined) return undefined;
    const { kind, id, name, ...secrets } = row;
    return { ...secrets, issued_by: { kind, id, name } };
  }

  /**
   * Asks the hub to cancel. Whether it still could is told by the command's end. False when asked before.
   * @throws AppError NOT_FOUND, CONFLICT when the command has ended
   */
  async requestCancel(agentId: string, correlationId: string): Promise<boolean> {
    return inTransaction(this.deps.db, async (trx) => {
      const command = await new CommandRepository({ db: trx }).get(agentId, correlationId);
      if (!command) throw new AppError('NOT_FOUND', 'No such command');
      const { rows } = await sql<{ asked: boolean }>`
        UPDATE viw.agent_commands c SET cancel_requested_at = coalesce(c.cancel_requested_at, now())
        FROM (SELECT cancel_requested_at IS NOT NULL AS asked FROM viw.agent_commands
              WHERE correlation_id = ${correlationId} FOR UPDATE) AS before
        WHERE c.correlation_id = ${correlationId} AND c.status IN ${openStatuses} RETURNING before.asked`.execute(
        trx,
      );
      if (!rows[0]) throw new AppError('CONFLICT', `The command has ended: ${command.status}`);
      if (rows[0].asked) return false;
      await new OutboxRepository({ db: trx }).enqueue(
        commandsStream,
        { kind: 'cancel', correlation_id: correlationId, agent_id: agentId },
        correlationId,
      );
      return true;
    });
  }
}
