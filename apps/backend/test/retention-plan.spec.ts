import { generateKek } from '@viw/secrets';
import { BEGINNING } from '../src/audit/chain-walk';
import { CheckpointSigner } from '../src/audit/checkpoint-signer';
import { planCuts } from '../src/audit/retention-plan';
import type { PlanDeps } from '../src/audit/retention-plan';

const signer = new CheckpointSigner({ keys: [generateKek()] });
const forgotten = new CheckpointSigner({ keys: [generateKek()] });
const at = '2020-01-01T00:00:00.000Z';
const hash = '0'.repeat(64);

/** A chain without an end, whose process is told to end at the third look of a kind. @returns looks of that kind */
async function looksUntilTheEnd(kind: 'checkpoints' | 'read', by: CheckpointSigner): Promise<number> {
  const end = new AbortController();
  const reason = new Error('told to end');
  let looks = 0;
  const look = (of: typeof kind): void => {
    if (of !== kind) return;
    if (++looks > 3) throw new Error('it goes on');
    if (looks === 3) end.abort(reason);
  };
  const entry = { seq: 0, id: '', at, actor_kind: '', actor_id: '', action: '', outcome: '', detail: {} };
  const chain = {
    tip: async () => ({ seq: 1e9 }),
    checkpoints: async (after: number, last: number | undefined) => {
      look('checkpoints');
      return last === undefined || by === forgotten ? [by.sign({ seq: after + 5_000, hash, at })] : [];
    },
    read: async (after: number) => {
      look('read');
      return [{ seq: after + 1, entry_id: '', prev_hash: hash, hash, entry }];
    },
  } as unknown as PlanDeps['chain'];
  const options = { base: BEGINNING, cutOff: new Date().toISOString(), most: 1_000, end: end.signal };
  await expect(planCuts(options, { chain, signer })).rejects.toBe(reason);
  return looks;
}

it('a search for a checkpoint of a known key ends with its process', async () => {
  expect(await looksUntilTheEnd('checkpoints', forgotten)).toBe(3);
});

it('a walk to a checkpoint that is far away ends with its process', async () => {
  expect(await looksUntilTheEnd('read', signer)).toBe(3);
});
