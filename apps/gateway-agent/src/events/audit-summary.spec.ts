import type { HelperReply } from '@viw/contracts';
import { createLogger } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { auditSummaries } from './audit-summary';

const logger = createLogger({ service: 'test', level: 'silent' });

it('passes the helper’s counts on with its signed reply, when there is anything new', async () => {
  const told: { name: string; data: unknown }[] = [];
  let asked = 0;
  let summary = {
    since: '2026-11-21T08:00:00.000Z',
    until: '2026-11-21T08:15:00.000Z',
    actions: 0,
    counts: {},
  };
  const replies = (): HelperReply => ({
    status: 'success',
    rc: 0,
    stdout: JSON.stringify(summary),
    stderr: '',
    truncated: false,
    duration_ms: 1,
    sig: 'the signature',
  });
  const helper = { call: async () => (asked++, replies()) };
  const events = { emit: (_kind: string, name: string, data?: object) => void told.push({ name, data }) };
  const task = auditSummaries({ everyMs: 5 }, { helper, events, logger });
  await task.start();
  const severalTimes = async (): Promise<void> => {
    const from = asked;
    await eventually(() => expect(asked).toBeGreaterThan(from + 3));
  };
  await severalTimes();
  expect(told).toEqual([]);
  summary = { ...summary, actions: 3, counts: { list_users: { success: 2, INVALID_SIGNATURE: 1 } } };
  await severalTimes();
  expect(told).toEqual([
    {
      name: 'helper.summary',
      data: { ...summary, proof: { correlation_id: expect.any(String) as string, reply: replies() } },
    },
  ]);
  // A helper that was started again counts from the beginning.
  summary = { ...summary, since: '2026-11-21T09:00:00.000Z' };
  await severalTimes();
  expect(told).toHaveLength(2);
  await task.stop();
});
