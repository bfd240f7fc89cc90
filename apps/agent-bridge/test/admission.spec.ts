import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { dial, dialWith, signed, uniqueAgent, upgrade } from './test-agent';
import type { Answer } from './test-agent';

const stage = hubStage();

const nonces = async (): Promise<number> => (await stage.redis.keys('viw:nonce:*')).length;

it('who comes too fast is told when to come back, one after the other, before anything was checked', async () => {
  const slow = await stage.startHub({ AGENT_BRIDGE_ADMIT_PER_SECOND: '2' });
  const before = await nonces();
  const answers: Answer[] = [];
  let admitted = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: 30 }, () =>
      upgrade(slow.port, signed(uniqueAgent())).then(
        (answer) => answers.push(answer),
        () => (admitted += 1),
      ),
    ),
  );
  expect(admitted).toBeGreaterThanOrEqual(2);
  expect(answers.length).toBeGreaterThan(20);
  for (const { status, body } of answers)
    expect({ status, code: body.error?.code }).toEqual({ status: 503, code: 'BUSY' });
  expect(await nonces()).toBe(before + admitted);
  const waits = answers.map(({ headers }) => Number(headers['retry-after'])).sort((a, b) => a - b);
  expect(waits[0]).toBeGreaterThanOrEqual(1);
  // Two per second, and no third.
  for (const wait of new Set(waits))
    expect(waits.filter((each) => each === wait).length).toBeLessThanOrEqual(4);
  // From when the last one was answered.
  const seconds = (performance.now() - begun) / 1_000;
  expect((waits.at(-1) ?? 0) + seconds).toBeGreaterThanOrEqual(10);

  // Not even a wrong signature is looked at now.
  const forged = Array.from({ length: 10 }, () => ({
    ...signed(uniqueAgent()),
    'X-Agent-Auth': 'f'.repeat(64),
  }));
  const refused = await Promise.all(forged.map((headers) => upgrade(slow.port, headers)));
  expect(refused.filter(({ body }) => body.error?.code === 'BUSY').length).toBeGreaterThan(5);
  // And then they come in.
  const late = uniqueAgent();
  await (await eventually(() => dial(slow.url, late))).close();
  await slow.stop();
});

it('a full hub says so before it checks anything, and when to come back', async () => {
  const small = await stage.startHub({ AGENT_BRIDGE_MAX_CONN: '1' });
  const first = await dial(small.url, uniqueAgent());
  const answer = await upgrade(small.port, { ...signed(uniqueAgent()), 'X-Agent-Auth': 'f'.repeat(64) });
  expect(answer).toMatchObject({ status: 503, body: { error: { code: 'BUSY' } } });
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  await first.close();
  await small.stop();
});

it('strangers fill no memory: a nonce is remembered only after a right signature', async () => {
  const hub = await stage.startHub();
  const before = await nonces();
  await Promise.all(
    Array.from({ length: 50 }, () =>
      upgrade(hub.port, signed(uniqueAgent(), { secret: 'not the secret of this hub' })),
    ),
  );
  expect(await nonces()).toBe(before);
  await hub.stop();
});

describe('strangers whose proofs fail', () => {
  const forged = () => ({ ...signed(uniqueAgent()), 'X-Agent-Auth': 'f'.repeat(64) });
  const ask = (port: number, from: string, headers = forged()) =>
    upgrade(port, headers, '/agent/ws', 'GET', { from });

  /** For its failed proofs, not because everybody is. */
  const barred = async (port: number, from: string, headers = forged()): Promise<boolean> =>
    (await ask(port, from, headers)).body.error?.msg.includes('did not hold') ?? false;

  it('use up neither the rate of the hub nor its turns, from however many addresses', async () => {
    const hub = await stage.startHub({
      AGENT_BRIDGE_ADMIT_PER_SECOND: '40',
      AGENT_BRIDGE_ADDRESS_FAILED_PROOFS_PER_S: '1',
    });
    const answers: Answer[] = [];
    for (let n = 0; n < 60; n++)
      answers.push(...(await Promise.all([ask(hub.port, '127.0.0.2'), ask(hub.port, '127.0.0.3')])));
    const busy = answers.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(60);
    // Not turns of the hub's: those rise with each one.
    expect(new Set(busy.map(({ headers }) => headers['retry-after']))).toEqual(new Set(['10']));
    await (await dial(hub.url, uniqueAgent())).close();
    await hub.stop();
  });

  it('bar others of their address only for moments; one host with a wrong clock bars nobody', async () => {
    const hub = await stage.startHub({ AGENT_BRIDGE_ADDRESS_FAILED_PROOFS_PER_S: '1' });
    const from = '127.0.0.4';
    for (let n = 0; n < 5; n++)
      expect((await ask(hub.port, from, signed(uniqueAgent(), { now: 0 }))).body.error?.code).toBe(
        'CLOCK_SKEW',
      );
    await (await dial(hub.url, uniqueAgent(), { from })).close();
    await eventually(async () => expect(await barred(hub.port, from)).toBe(true), { everyMs: 1 });
    const neighbour = uniqueAgent();
    await (await eventually(() => dial(hub.url, neighbour, { from }))).close();
    await hub.stop();
  });

  it('and whoever repeats a handshake that it has overheard', async () => {
    const hub = await stage.startHub({ AGENT_BRIDGE_ADDRESS_FAILED_PROOFS_PER_S: '1' });
    const id = uniqueAgent();
    const overheard = signed(id);
    await (await dialWith(hub.url, id, overheard)).close();
    const from = '127.0.0.5';
    expect((await ask(hub.port, from, overheard)).body.error?.code).toBe('REPLAYED_NONCE');
    await eventually(async () => expect(await barred(hub.port, from, overheard)).toBe(true), {
      everyMs: 1,
    });
    await hub.stop();
  });
});
