import { PassThrough } from 'node:stream';
import { ApiError, UnreachableError } from '@viw/client';
import { Reporter } from '../terminal/reporter';
import { follow } from './follow';

const quiet = () => {
  const stderr = new PassThrough();
  return { stderr, report: new Reporter({ json: false }, { stdout: new PassThrough(), stderr }) };
};
const refusal = (status: number) =>
  new ApiError({ type: 'about:blank', title: 'no', status, code: `HTTP_${status}` });
const inTurn = (answers: readonly (string | Error)[]) => {
  const left = [...answers];
  return async () => {
    const next = left.shift() ?? 'nothing left';
    if (typeof next !== 'string') throw next;
    return next;
  };
};

it('waits through a backend that is away or has too much to do, and says so once', async () => {
  const { stderr, report } = quiet();
  const answers = ['running', new UnreachableError('away'), refusal(503), refusal(429), 'done'];
  const found = await follow({ later: 'x' }, report, inTurn(answers), (text) => ({ ended: text === 'done' }));
  expect(found).toBe('done');
  expect(String(stderr.read())).toBe('no answer just now; still waiting\n');
});

it('ends with what will not pass', async () => {
  const { report } = quiet();
  const looking = follow({ later: 'x' }, report, inTurn(['running', refusal(404)]), () => ({ ended: false }));
  await expect(looking).rejects.toMatchObject({ status: 404 });
});

it('ends when it was told to, and says how to look later', async () => {
  const { report } = quiet();
  const looking = follow({ later: 'viw x', timeoutS: 0 }, report, inTurn(['running']), () => ({
    ended: false,
  }));
  await expect(looking).rejects.toMatchObject({ code: 'TIMEOUT', meta: { advice: 'Look later: viw x' } });
});
