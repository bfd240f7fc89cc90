import { limits, resultFrame as schema } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { ownOutcome, resultFrame } from './result-frame';

const command = { correlation_id: '01936b2e-0000-7000-8000-000000000001', verb: 'list_users' };
const facts = {
  resultId: '01936b2e-0000-7000-8000-000000000002',
  agentId: 'gw-1',
  command,
  startedAt: 0,
  finishedAt: 5,
};
const outcome = {
  status: 'success',
  rc: 0,
  stdout: '',
  stderr: '',
  truncated: false,
  duration_ms: 5,
} as const;

it('carries what the helper said, its signature included', () => {
  const frame = resultFrame({ ...facts, outcome: { ...outcome, stdout: 'out', sig: 'a.b.c' } });
  expect(schema.parse(frame)).toMatchObject({
    stdout: 'out',
    sig: 'a.b.c',
    finished_at: '1970-01-01T00:00:00.005Z',
  });
});

it.each(['\u0000', '😀', '"'])('shortens outputs of %j that do not fit a frame, and says so', (character) => {
  const full = character.repeat(limits.outputBytes / character.length);
  const frame = resultFrame({ ...facts, outcome: { ...outcome, stdout: full, stderr: full, sig: 'a.b.c' } });
  expect(Buffer.byteLength(JSON.stringify(frame))).toBeLessThanOrEqual(limits.frameBytes);
  expect(() => schema.parse(frame)).not.toThrow();
  expect(frame.stdout).not.toMatch(/\p{Surrogate}/u);
  const untouched = frame.stdout === full && frame.stderr === full;
  expect(frame.truncated).toBe(!untouched);
  expect('sig' in frame).toBe(untouched);
});

it('tells the code of our own errors only', () => {
  expect(ownOutcome('denied', new AppError('EXPIRED', 'too late')).error).toEqual({
    code: 'EXPIRED',
    msg: 'too late',
  });
  expect(ownOutcome('denied', new AppError('CONFLICT', 'x')).error?.code).toBe('INTERNAL_ERROR');
  expect(JSON.stringify(ownOutcome('error', new Error('canary')))).not.toContain('canary');
});
