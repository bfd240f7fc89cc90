import type { CertificateVersion, OperationStep } from '@viw/contracts';
import { expiryHistogram, lifeOf } from './life';
import { foldSteps, headlineStep, stepTitle } from './operation-steps';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 21);
const valid = (fromDays: number, toDays: number) => ({
  current_version: {
    not_before: new Date(now + fromDays * day).toISOString(),
    not_after: new Date(now + toDays * day).toISOString(),
  } as CertificateVersion,
});

describe('life of a certificate', () => {
  it.each([
    [-10, 80, 'fine'],
    [-62, 28, 'due'],
    [-88, 2, 'emergency'],
    [-90, -1, 'expired'],
    [-2, 4, 'fine'],
    [-3.5, 2.5, 'due'],
  ])('from day %d to day %d: %s', (from, to, expected) =>
    expect(lifeOf(valid(from, to), now).class).toBe(expected),
  );

  it('has none before the first issuance', () =>
    expect(lifeOf({ current_version: null }, now)).toEqual({ class: 'none', left: 0, notAfter: undefined }));

  it('is counted by when it ends', () =>
    expect(
      expiryHistogram(
        [valid(-9, -1), valid(-9, 0.5), valid(-9, 3), valid(-9, 400), { current_version: null }],
        now,
      ),
    ).toEqual([1, 1, 1, 0, 0, 1]));
});

describe('steps of an operation', () => {
  const report = (
    step: string,
    status: OperationStep['status'],
    change: Partial<OperationStep> = {},
  ): OperationStep => ({
    step,
    status,
    virtual_host_id: null,
    detail: null,
    duration_ms: null,
    at: new Date(now).toISOString(),
    ...change,
  });

  it('folds reports into one line per step and target', () => {
    const groups = foldSteps([
      report('order', 'started'),
      report('order', 'done', { duration_ms: 31 }),
      report('upload', 'started', { virtual_host_id: 'v1' }),
      report('upload', 'failed', { virtual_host_id: 'v1', detail: 'refused' }),
      report('upload', 'started', { virtual_host_id: 'v2' }),
    ]);
    expect(
      groups.map((group) => [group.target, group.steps.map((step) => `${step.step} ${step.status}`)]),
    ).toEqual([
      [null, ['order done']],
      ['v1', ['upload failed']],
      ['v2', ['upload started']],
    ]);
    expect(groups[0]?.steps[0]).toMatchObject({ durationMs: 31, startedAt: now });
    expect(headlineStep({ status: 'running' }, groups)).toMatchObject({ target: 'v1', detail: 'refused' });
    expect(headlineStep({ status: 'succeeded' }, foldSteps([report('order', 'done')]))).toBeUndefined();
  });

  it('names steps for people', () => expect(stepTitle('nginx-test_before')).toBe('Nginx test before'));
});
