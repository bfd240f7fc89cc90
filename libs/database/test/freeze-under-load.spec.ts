import { AppError, uuidv7 } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { CommandRequest, Db, MadeCommand } from '../src/index';
import { CommandRepository, GatewayRegistryRepository, GatewayRepository, inTransaction } from '../src/index';
import { type Fixture, fixture, inSeconds, newAgent } from './fixture';

const CLIENTS = 6;
/** Per client: a freeze that starved would commit only after all of these. */
const BOUND = 2_000;

let f: Fixture;
beforeAll(async () => {
  f = await fixture();
});
afterAll(() => f.close());

const request = (agentId: string): CommandRequest => ({
  correlation_id: uuidv7(),
  agent_id: agentId,
  verb: 'list_users',
  parameters_redacted: {},
  issued_by: { kind: 'api_client', id: 'client-1', name: 'script' },
});

const made = (): MadeCommand => ({
  jws: 'a.b.c',
  accepted_at: inSeconds(0),
  expires_at: inSeconds(600),
  timeout_s: 30,
});

/** Accepts one command after the other until one is refused or the bound is reached. @returns why it ended */
async function storm(db: Db, agentId: string, onAccepted: () => void): Promise<string> {
  const commands = new CommandRepository({ db });
  for (let n = 0; n < BOUND; n++)
    try {
      await commands.accept(
        request(agentId),
        (target) => {
          if (target.frozen) throw new AppError('FROZEN', 'Commands are frozen');
          return made();
        },
        { maxOpen: CLIENTS * BOUND },
      );
      onAccepted();
    } catch (error) {
      return String((error as { code?: unknown }).code);
    }
  return 'bound';
}

const stored = async (): Promise<number> => {
  const { rows } = await sql<{ n: number }>`SELECT count(*)::int AS n FROM viw.agent_commands`.execute(f.db);
  return rows[0]?.n ?? 0;
};

test('a freeze commits amid a storm of acceptances, and none is accepted after it', async () => {
  const agents = [newAgent(), newAgent(), newAgent()];
  for (const agent_id of agents) await new GatewayRepository({ db: f.db }).register({ agent_id });
  let accepted = 0;
  const clients = Array.from({ length: CLIENTS }, (_, n) =>
    storm(f.open(), agents[n % agents.length] ?? '', () => (accepted += 1)),
  );
  await eventually(() => expect(accepted).toBeGreaterThan(10 * CLIENTS));
  const delta = await inTransaction(f.open(), (trx) =>
    new GatewayRegistryRepository({ db: trx }).freezeDelta(true, 'a drill'),
  );
  const atTheFreeze = await stored();
  expect(delta).toMatchObject({ kind: 'freeze', frozen: true });
  expect(await Promise.all(clients)).toEqual(clients.map(() => 'FROZEN'));
  expect([await stored(), accepted]).toEqual([atTheFreeze, atTheFreeze]);
}, 60_000);
