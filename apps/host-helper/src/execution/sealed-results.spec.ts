import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSealingKey, openSealedResult } from '@viw/commands';
import type { SealingKeyPair } from '@viw/commands';
import { sealedValue } from '@viw/contracts';
import { createLogger } from '@viw/runtime';
import type { Authorised } from '../checks/command-verification';
import { Journal } from '../journal/journal';
import type { ActionOutcome } from '../verbs/executor';
import { jsonOutcome } from '../verbs/executor';
import { AuditCounts } from '../audit/audit-counts';
import { AtMostOnce } from './at-most-once';
import { Slots } from './slots';

const agentId = 'gw-1';
const token = 'canary-bootstrap-token-0123456789abcdef';

describe('a verb with secret results', () => {
  let folder: string;
  let backend: SealingKeyPair;
  let runs: number;
  const log: string[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viw-sealed-'));
    backend = await generateSealingKey();
    runs = 0;
    log.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** The helper's own way through an action, with an executor that plays the verb. */
  async function carryOut(outcome: ActionOutcome, change: Partial<Authorised> = {}) {
    const journal = new Journal({ folder });
    await journal.start();
    const run = async () => {
      runs += 1;
      return outcome;
    };
    const actions = new AtMostOnce(
      { agentId, timeoutMaxMs: 1_000 },
      {
        executors: { generate_bootstrap: { available: async () => true, run } },
        publicKeys: undefined as never,
        counts: new AuditCounts(),
        journal,
        slots: new Slots({ concurrent: 1, waiting: 1 }),
        logger: createLogger(
          { service: 'test', level: 'debug' },
          { destination: { write: (line: string) => void log.push(line) } },
        ),
      },
    );
    const correlationId = randomUUID();
    const request: Authorised = {
      correlationId,
      verb: 'generate_bootstrap',
      argsHash: '',
      local: false,
      assertMayStart: async () => undefined,
      resultKey: { ...backend.publicKey, kid: 'sealing-1' },
      open: async () => ({ args: {}, secrets: [] }),
      ...change,
    };
    return { correlationId, ...(await actions.carryOut(request)) };
  }

  const written = async (): Promise<string> => {
    const files = await readdir(folder);
    return [...log, ...(await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8'))))].join();
  };

  it('gives them sealed to the backend, and keeps nothing of them in clear', async () => {
    const outcome = { ...jsonOutcome({ bootstrap_token: token }), stderr: `made ${token}` };
    const { correlationId, reply } = await carryOut(outcome);
    expect(reply).toMatchObject({ status: 'success', stderr: 'made ***' });
    const { bootstrap_token } = JSON.parse(reply.stdout) as { bootstrap_token: unknown };
    const sealed = sealedValue.parse(bootstrap_token);
    const context = { correlationId, agentId };
    expect(await openSealedResult(sealed, backend.privateKey, 'bootstrap_token', context)).toBe(token);
    expect(await written()).not.toContain(token);
    // Nowhere else than in this result of this command of this gateway.
    for (const [member, where] of [
      ['other', context],
      ['bootstrap_token', { ...context, agentId: 'gw-2' }],
      ['bootstrap_token', { ...context, correlationId: randomUUID() }],
    ] as const)
      await expect(openSealedResult(sealed, backend.privateKey, member, where)).rejects.toMatchObject({
        code: 'INVALID_SIGNATURE',
      });
  });

  it('is not begun where there is nobody to seal them to', async () => {
    await expect(
      carryOut(jsonOutcome({ bootstrap_token: token }), { resultKey: undefined }),
    ).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(runs).toBe(0);
  });

  it.each([
    ['fails', { ...jsonOutcome({ bootstrap_token: token }), status: 'error' as const }],
    ['prints something else', { ...jsonOutcome({}), stdout: `token: ${token}` }],
    ['prints it under another name', jsonOutcome({ token })],
  ])('that %s: nothing of its output is kept', async (_what, outcome) => {
    const { reply } = await carryOut(outcome);
    expect(reply).toMatchObject({ status: 'error', stdout: '' });
    expect(await written()).not.toContain(token);
  });
});
