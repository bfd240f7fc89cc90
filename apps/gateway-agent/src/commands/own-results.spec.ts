import { randomUUID } from 'node:crypto';
import { generateSigningKey, verifyResult } from '@viw/commands';
import type { PrivateSigningKey } from '@viw/commands';
import type { CommandFrame, ResultFrame } from '@viw/contracts';
import { AppError, createLogger } from '@viw/runtime';
import { CommandRefuser } from './command-refuser';
import { CommandRunner } from './command-runner';
import type { CommandRunnerDeps } from './command-runner';
import { OwnSignature } from './own-signature';

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

type Key = (() => Promise<PrivateSigningKey>) | undefined;

/** Only what a refusal touches is there. */
async function refusedBy(kind: 'runner' | 'refuser', key: Key): Promise<ResultFrame> {
  const results: ResultFrame[] = [];
  const deps = {
    gate: { verify: () => Promise.reject(new AppError('INVALID_SIGNATURE', 'no')) },
    outbox: { isFull: false, add: (result: ResultFrame) => void results.push(result) },
    signature: new OwnSignature({ agentId }, { key }),
    events: { finished: () => undefined },
    clock: { now: () => Date.now() },
    logger: createLogger({ service: 'test', level: 'silent' }),
  } as unknown as CommandRunnerDeps;
  const commands =
    kind === 'runner'
      ? new CommandRunner({ agentId, maxConcurrency: 1 }, deps)
      : new CommandRefuser({ agentId }, deps);
  await commands.receive(frame);
  const [result] = results;
  if (result === undefined) throw new Error('no result');
  return result;
}

describe.each(['runner', 'refuser'] as const)('what the agent says in the helper’s place: %s', (kind) => {
  it('is signed by the agent’s own key', async () => {
    const { privateKey, publicKey } = await generateSigningKey();
    const { error, sig = '', ...result } = await refusedBy(kind, () => Promise.resolve(privateKey));
    expect(result.status).toBe('denied');
    await expect(
      verifyResult(publicKey, { ...result, ...(error && { error }) }, sig),
    ).resolves.toBeUndefined();
    await expect(verifyResult(publicKey, { ...result, status: 'success' }, sig)).rejects.toMatchObject({
      code: 'INVALID_SIGNATURE',
    });
  });

  it('is unsigned where the agent has none', async () => {
    expect((await refusedBy(kind, undefined)).sig).toBeUndefined();
  });
});
