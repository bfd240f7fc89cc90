import type { CommandRecord, CommandStatus } from '@viw/contracts';
import { commandsStream } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Db } from '../../connection';
import { inTransaction } from '../../connection';
import type { ListOptions, Page } from '../../cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from '../../cursor';
import type { Principal } from '../../schema/columns';
import type { CommandRow, SignedCommand } from './command-record';
import { commandColumns, openStatuses, recordOf, resultJoin, runBody } from './command-record';
import { lockAcceptance, targetColumns, targetJoin, targetOf } from './command-target';
import type { CommandTarget, TargetRow } from './command-target';
import { OutboxRepository } from '../outbox/outbox-repository';
import type { RepositoryDeps } from '../repository';

/** What somebody asks for, by which a repetition is known. */
export interface CommandRequest {
  readonly correlation_id: string;
  readonly agent_id: string;
  readonly verb: string;
  /** Secret arguments replaced by "***". */
  readonly parameters_redacted: Readonly<Record<string, unknown>>;
  readonly issued_by: Principal;
  readonly idempotency_key?: string | undefined;
}

/** What is made of a request for its gateway. */
export type MadeCommand = Pick<SignedCommand, 'jws' | 'accepted_at' | 'expires_at' | 'timeout_s'> & {
  /** Secret arguments stand in it in clear. */
  readonly plain_secrets?: boolean;
};

export interface AcceptOptions {
  /** Open commands that the agent may have; default 100. */
  readonly maxOpen?: number;
}

export interface Accepted {
  /** False: the same request was accepted before. */
  readonly created: boolean;
  /** Of the command that was accepted, now or then. */
  readonly correlation_id: string;
}

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
   * Row and outbox entry in one transaction. The same correlation id or (issuer, idempotency key) gives the first answer,
   * whatever has become of the gateway since.
   *
   * @param make the command, for the gateway as it is at this moment; what it throws leaves nothing behind
   * @throws AppError CONFLICT when that first request was another one, QUEUE_FULL when the agent has too many open
   */
  async accept(
    request: CommandRequest,
    make: (target: CommandTarget) => MadeCommand | Promise<MadeCommand>,
    { maxOpen = 100 }: AcceptOptions = {},
  ): Promise<Accepted> {
    return inTransaction(this.deps.db, async (trx) => {
      await lockAcceptance(trx, request.agent_id);
      const { first, open, target } = await look(trx, request);
      if (first !== undefined) return { created: false, correlation_id: first };
      const made = await make(target);
      if (open >= maxOpen)
        throw new AppError('QUEUE_FULL', `${request.agent_id} has ${maxOpen} open commands`, {
          meta: { retry_after_s: 5 },
        });
      if (await insert(trx, { ...request, ...made }))
        return { created: true, correlation_id: request.correlation_id };
      // Accepted at this moment for another gateway.
      throw new AppError('CONFLICT', 'The correlation id or idempotency key belongs to another request');
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
        ORDER BY r.late, r.id DESC LIMIT 1) r ON true`.execute(this.deps.db);
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

/**
 * The command that this request was accepted as before, how many the agent has open, and the gateway.
 * @throws AppError CONFLICT when that one was asked by somebody else, or for something else
 */
async function look(
  db: Db,
  request: CommandRequest,
): Promise<{ readonly first: string | undefined; readonly open: number; readonly target: CommandTarget }> {
  const { correlation_id, agent_id, verb, parameters_redacted, issued_by: by, idempotency_key } = request;
  const { rows } = await sql<
    TargetRow & { correlation_id: string | null; same: boolean | null; open: number }
  >`
    SELECT ${targetColumns}, c.correlation_id,
      (SELECT count(*) FROM viw.agent_commands WHERE agent_id = ${agent_id} AND status IN ${openStatuses}) AS open,
      (c.agent_id = ${agent_id} AND c.verb = ${verb} AND c.issued_by_kind = ${by.kind}
        AND c.issued_by_id = ${by.id} AND c.parameters_redacted = ${JSON.stringify(parameters_redacted)}::jsonb
      ) AS same
    FROM ${targetJoin(agent_id)}
    LEFT JOIN viw.agent_commands c ON c.correlation_id = ${correlation_id} OR (c.issued_by_kind = ${by.kind}
      AND c.issued_by_id = ${by.id} AND c.idempotency_key = ${idempotency_key ?? null}::text)`.execute(db);
  const found = rows.filter((row) => row.correlation_id !== null);
  if (found.some(({ same }) => same !== true) || found.length > 1)
    throw new AppError('CONFLICT', 'The correlation id or idempotency key belongs to another request');
  return {
    first: found[0]?.correlation_id ?? undefined,
    open: rows[0]?.open ?? 0,
    target: targetOf(rows[0]),
  };
}

/** The command and its outbox row. False when its correlation id or idempotency key is taken. */
async function insert(db: Db, command: CommandRequest & MadeCommand): Promise<boolean> {
  const by = command.issued_by;
  const body = JSON.stringify(commandsStream.body.parse(runBody(command)));
  const { rows } = await sql`
    WITH accepted AS (
      INSERT INTO viw.agent_commands (correlation_id, agent_id, verb, parameters_redacted, jws, idempotency_key,
        issued_by_kind, issued_by_id, issued_by_name, accepted_at, expires_at, timeout_s, plain_secrets)
      VALUES (${command.correlation_id}, ${command.agent_id}, ${command.verb},
        ${JSON.stringify(command.parameters_redacted)}::jsonb, ${command.jws}, ${command.idempotency_key ?? null},
        ${by.kind}, ${by.id}, ${by.name}, ${command.accepted_at}, ${command.expires_at}, ${command.timeout_s},
        ${command.plain_secrets ?? false})
      ON CONFLICT DO NOTHING RETURNING correlation_id
    )
    INSERT INTO viw.outbox (stream, event_id, v, correlation_id, body)
    SELECT ${commandsStream.stream}, ${uuidv7()}::uuid, ${commandsStream.version}::int, correlation_id, ${body}::jsonb
    FROM accepted RETURNING 1`.execute(db);
  return rows.length > 0;
}
