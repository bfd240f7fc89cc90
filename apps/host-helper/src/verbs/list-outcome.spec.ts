import { limits } from '@viw/contracts';
import { listOutcome } from './list-outcome';

describe('the result of a verb that lists', () => {
  const items = (count: number) => Array.from({ length: count }, (_, n) => ({ name: `"${n}"`.repeat(20) }));

  it('is whole when it fits', () => {
    const { stdout, stdoutCut } = listOutcome('sessions', items(3), { rest: { health: 'good' } });
    expect(JSON.parse(stdout)).toEqual({ health: 'good', sessions: items(3) });
    expect(stdoutCut).toBe(false);
  });

  it('ends after the last item that fits, and says so', () => {
    const { stdout, stdoutCut } = listOutcome('sessions', items(10_000));
    const { sessions } = JSON.parse(stdout) as { sessions: unknown[] };
    expect(sessions.length).toBeGreaterThan(100);
    expect(sessions).toEqual(items(sessions.length));
    expect(Buffer.byteLength(stdout)).toBeLessThan(limits.outputBytes);
    expect(stdoutCut).toBe(true);
  });

  it('is called cut when its source was', () => {
    expect(listOutcome('users', ['a'], { cut: true }).stdoutCut).toBe(true);
  });
});
