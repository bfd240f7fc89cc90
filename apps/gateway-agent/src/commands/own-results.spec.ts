import { randomUUID } from 'node:crypto';
import { generateSigningKey, verifyResult } from '@viw/commands';
import type { CommandFrame, ResultFrame } from '@viw/contracts';
import { AppError, createLogger } from '@viw/runtime';
import { CommandRunner } from './command-runner';
import type { CommandRunnerDeps } from './command-runner';

const agentId = 'gw-1';
const frame: CommandFrame = {
  type: 'COMMAND',
  correlation_id: randomUUID(),
  agent_id: agentId,
  verb: 'list_users',
  issued_at: new Date().toISOString(),
  expires_at: new Date(Date.now() + 1_000).toISOString(),
  nonce: randomUUID(),
  jws: 'a.b.c',
};

/** A runner that refuses whatever comes; only what a refusal touches is there. */
async function refusedBy(signingKey: CommandRunnerDeps['signingKey']): Promise<ResultFrame> {
  const results: ResultFrame[] = [];
  const deps = {
    gate: { verify: () => Promise.reject(new AppError('INVALID_SIGNATURE', 'no')) },
    outbox: { isFull: false, add: (result: ResultFrame) => void results.push(result) },
    signingKey,
    events: { finished: () => undefined },
    clock: { now: () => Date.now() },
    logger: createLogger({ service: 'test', level: 'silent' }),
  } as unknown as CommandRunnerDeps;
  await new CommandRunner({ agentId, maxConcurrency: 1 }, deps).receive(frame);
  const [result] = results;
  if (result === undefined) throw new Error('no result');
  return result;
}

describe('what the agent says in the helper’s place', () => {
  it('is signed by the agent’s own key', async () => {
    const { privateKey, publicKey } = await generateSigningKey();
    const { error, sig = '', ...result } = await refusedBy(() => Promise.resolve(privateKey));
    expect(result.status).toBe('denied');
    await expect(
      verifyResult(publicKey, { ...result, ...(error && { error }) }, sig),
    ).resolves.toBeUndefined();
    await expect(verifyResult(publicKey, { ...result, status: 'success' }, sig)).rejects.toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
  });

  it('is unsigned where the agent has none', async () => {
    expect((await refusedBy(undefined)).sig).toBeUndefined();
  });
});
