import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from '@viw/contracts';
import { AppError, createLogger } from '@viw/runtime';
import { AuditCounts } from '../audit/audit-counts';
import type { Authorised } from '../checks/command-verification';
import { Journal } from '../journal/journal';
import { jsonOutcome } from '../verbs/executor';
import { AtMostOnce } from './at-most-once';
import { Slots } from './slots';

const agentId = 'gw-1';

describe('a command that an earlier run of the helper had begun', () => {
  let folder: string;
  let journal: Journal;
  let slots: Slots;
  let users: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viw-at-most-once-'));
    journal = new Journal({ folder });
    await journal.start();
    slots = new Slots({ concurrent: 1, waiting: 0 });
    users = ['alice'];
  });
  afterEach(() => rm(folder, { recursive: true }));

  const request = (change: Partial<Authorised> = {}): Authorised => ({
    correlationId: randomUUID(),
    verb: 'list_users',
    argsHash: '',
    local: false,
    assertMayStart: async () => undefined,
    resultKey: undefined,
    open: async () => ({ args: {}, secrets: [] }),
    ...change,
  });

  const actions = (): AtMostOnce =>
    new AtMostOnce(
      { agentId, timeoutMaxMs: 1_000 },
      {
        executors: { list_users: { available: async () => true, run: async () => jsonOutcome({ users }) } },
        publicKeys: undefined as never,
        counts: new AuditCounts(),
        journal,
        slots,
        logger: createLogger({ service: 'test', level: 'silent' }),
      },
    );

  const begun = ({ correlationId, verb }: Authorised) =>
    journal.write({
      state: 'started',
      correlation_id: correlationId,
      verb,
      started_at: new Date().toISOString(),
    });

  it('is done again where that changes nothing', async () => {
    const again = request();
    await begun(again);
    expect(await actions().carryOut(again)).toMatchObject({ duplicate: false, reply: { status: 'success' } });
  });

  it.each([
    ['its time is over', new AppError('EXPIRED', 'too late')],
    ['commands are frozen', new AppError('PERMISSION_DENIED', 'commands are frozen')],
  ])('has an unknown outcome, and is not refused, when %s', async (_why, refusal) => {
    const late = request({ assertMayStart: () => Promise.reject(refusal) });
    await expect(actions().carryOut({ ...late, correlationId: randomUUID() })).rejects.toBe(refusal);
    await begun(late);
    expect(await actions().carryOut(late)).toMatchObject({ duplicate: true, reply: { status: 'unknown' } });
  });

  it('has an unknown outcome, and is not refused, when there is no room to repeat it', async () => {
    const crowded = request();
    await begun(crowded);
    let leave = (): void => undefined;
    const other = slots.use(() => new Promise<void>((resolve) => (leave = resolve)));
    expect(await actions().carryOut(crowded)).toMatchObject({ reply: { status: 'unknown' } });
    leave();
    await other;
    // Once said, it stays said.
    expect(await actions().carryOut(crowded)).toMatchObject({ reply: { status: 'unknown' } });
  });

  it('ends with an error, not with half a result, when that is longer than may be told', async () => {
    users = Array.from({ length: 5_000 }, (_, n) => `user-number-${n}`);
    const { reply } = await actions().carryOut(request());
    expect(reply).toMatchObject({ status: 'error', stdout: '', error: { code: 'INTERNAL_ERROR' } });
    expect(JSON.stringify(users).length).toBeGreaterThan(limits.outputBytes);
  });
});
