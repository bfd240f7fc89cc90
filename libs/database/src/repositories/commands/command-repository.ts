import type { CommandRecord, CommandStatus } from '@viw/contracts';
import { commandsStream } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { inTransaction } from '../../connection';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { Principal } from '../../schema/columns';
import type { CommandRow, SignedCommand } from './command-record';
import { commandColumns, openStatuses, recordOf, resultJoin, runBody } from './command-record';
import { OutboxRepository } from '../outbox/outbox-repository';
import type { RepositoryDeps } from '../repository';

export interface NewCommand extends SignedCommand {
  /** Secret arguments replaced by "***". */
  readonly parameters_redacted: Readonly<Record<string, unknown>>;
  readonly issued_by: Principal;
  readonly idempotency_key?: string | undefined;
}

export interface AcceptOptions {
  /** Open commands that the agent may have; default 100. */
  readonly maxOpen?: number;
}

export interface Accepted {
  /** False: the same request was accepted before; `command` is the first answer. */
  readonly created: boolean;
  readonly command: CommandRecord;
}

/** Commands as the backend accepts and shows them. */
export class CommandRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * Row and outbox entry in one transaction. The same correlation id or (issuer, idempotency key) gives the first answer.
   * @throws AppError CONFLICT when that first request was another one, QUEUE_FULL when the agent has too many open
   */
  async accept(command: NewCommand, { maxOpen = 100 }: AcceptOptions = {}): Promise<Accepted> {
    return inTransaction(this.deps.db, async (trx) => {
      // One accepting transaction per agent at a time: the count below holds until the commit.
      await sql`SELECT pg_advisory_xact_lock(7305, hashtext(${command.agent_id}))`.execute(trx);
      const first = await findFirst(trx, command);
      if (first) return { created: false, command: first };
      if ((await new CommandRepository({ db: trx }).countOpen(command.agent_id)) >= maxOpen)
        throw new AppError('QUEUE_FULL', `${command.agent_id} has ${maxOpen} open commands`, {
          meta: { retry_after_s: 5 },
        });
      if (!(await insert(trx, command))) {
        const other = await findFirst(trx, command);
        if (!other) throw new AppError('CONFLICT', 'The correlation id or idempotency key is in use');
        return { created: false, command: other };
      }
      await new OutboxRepository({ db: trx }).enqueue(
        commandsStream,
        runBody(command),
        command.correlation_id,
      );
      const record = await new CommandRepository({ db: trx }).get(command.agent_id, command.correlation_id);
      if (!record) throw new AppError('INTERNAL_ERROR');
      return { created: true, command: record };
    });
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
    options: ListOptions & { readonly status?: CommandStatus | undefined } = {},
  ): Promise<Page<CommandRecord>> {
    const limit = limitOf(options);
    const after =
      options.cursor === undefined
        ? undefined
        : decodeCursor(options.cursor, [cursorShape.instant, cursorShape.uuid]);
    const where = sql`c.agent_id = ${agentId} AND ${
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

/** @throws AppError CONFLICT when it was asked by somebody else, or for something else */
async function findFirst(db: Db, command: NewCommand): Promise<CommandRecord | undefined> {
  const by = command.issued_by;
  const { rows } = await sql<CommandRow & { same: boolean }>`
    SELECT ${commandColumns},
      (c.agent_id = ${command.agent_id} AND c.verb = ${command.verb} AND c.issued_by_kind = ${by.kind}
        AND c.issued_by_id = ${by.id} AND c.parameters_redacted = ${JSON.stringify(command.parameters_redacted)}::jsonb
      ) AS same
    FROM viw.agent_commands c ${resultJoin}
    WHERE c.correlation_id = ${command.correlation_id} OR (c.issued_by_kind = ${by.kind}
      AND c.issued_by_id = ${by.id} AND c.idempotency_key = ${command.idempotency_key ?? null}::text)`.execute(
    db,
  );
  if (rows.some((row) => !row.same) || rows.length > 1)
    throw new AppError('CONFLICT', 'The correlation id or idempotency key belongs to another request');
  if (!rows[0]) return undefined;
  const { same: _same, ...row } = rows[0];
  return recordOf(row);
}

async function insert(db: Db, command: NewCommand): Promise<boolean> {
  const result = await db
    .insertInto('agent_commands')
    .values({
      correlation_id: command.correlation_id,
      agent_id: command.agent_id,
      verb: command.verb,
      parameters_redacted: JSON.stringify(command.parameters_redacted),
      jws: command.jws,
      idempotency_key: command.idempotency_key ?? null,
      issued_by_kind: command.issued_by.kind,
      issued_by_id: command.issued_by.id,
      issued_by_name: command.issued_by.name,
      accepted_at: command.accepted_at,
      expires_at: command.expires_at,
      timeout_s: command.timeout_s,
      reason: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}
