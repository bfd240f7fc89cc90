import { deadLetterStream, deadLetterVersion } from '@viw/contracts';
import type { StreamContract } from '@viw/contracts';
import { createLogger, uuidv7 } from '@viw/runtime';
import { StreamConsumer, poison } from '@viw/streams';
import { sql } from 'kysely';
import { referenceOf } from '../src/dead-letters/reference';
import type { Surroundings } from './surroundings';

/** Fields and values by turns. Returns the stream id. */
export const add = async (
  { client }: Surroundings,
  stream: string,
  fields: readonly string[],
): Promise<string> => String(await client.xadd(stream, '*', ...fields));

/** A dead letter as a consumer writes it. @param id `*` or one of the test's choice */
export async function setAside(
  { client }: Surroundings,
  stream: string,
  { id = '*', fields = ['event_id', uuidv7(), 'body', '{}'], names = stream } = {},
): Promise<string> {
  const body = {
    ...{ stream: names, entry_id: '1-1', group: 'test', consumer: 'one', delivery_count: 1 },
    ...{ error: { code: 'POISON', msg: 'planted' }, fields },
  };
  const text = JSON.stringify(body);
  const head = ['event_id', uuidv7(), 'ts', new Date().toISOString(), 'v', String(deadLetterVersion)];
  const deadId = await client.xadd(deadLetterStream(stream), id, ...head, 'body', text);
  return referenceOf({ stream, deadId: String(deadId) });
}

/** A consumer of a service. */
export interface Reader {
  /** Event ids, in the order in which they were handled to the end. */
  readonly handled: string[];
  /** Why everything is set aside at present. */
  refuse: string | undefined;
  stop(): Promise<void>;
}

export function startReader<C extends StreamContract>(
  { redis }: Surroundings,
  contract: C,
  stream: string = contract.stream,
): Reader {
  const logger = createLogger({ service: 'reader', level: 'silent' });
  const consumer = new StreamConsumer(
    { contract, stream, group: 'test', consumer: 'one', blockMs: 200 },
    {
      redisUrl: redis.url,
      logger,
      handler: async (batch) => {
        const { refuse } = reader;
        if (refuse !== undefined) return new Map(batch.map(({ id }) => [id, poison(refuse)]));
        reader.handled.push(...batch.map(({ header }) => header.event_id));
      },
    },
  );
  const reader: Reader = { handled: [], refuse: undefined, stop: () => consumer.stop() };
  consumer.start();
  return reader;
}

/** What the audit log says of a dead letter, oldest first. */
export const audited = async ({ owner }: Surroundings, id: string) => {
  const { rows } = await sql<{
    action: string;
    outcome: string;
    actor: string;
    detail: Record<string, unknown>;
  }>`
    SELECT action, outcome, actor_name AS actor, detail FROM viw.audit_log
    WHERE object_kind = 'dead_letter' AND object_id = ${id} ORDER BY id`.execute(owner);
  return rows;
};

/** Tests begin without any. */
export async function clearDeadLetters({ client }: Surroundings): Promise<void> {
  const keys = await client.keys(deadLetterStream('viw.*'));
  if (keys.length > 0) await client.del(...keys);
}
