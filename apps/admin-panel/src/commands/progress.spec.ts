import type { CommandRecord } from '@viw/contracts';
import { milestones } from './progress';

const command: CommandRecord = {
  correlation_id: '01936b2e-0000-7000-8000-000000000001',
  agent_id: 'gw-1',
  verb: 'list_users',
  parameters: {},
  status: 'dispatched',
  reason: null,
  issued_by: 'ada',
  accepted_at: '2026-11-21T08:00:00.000Z',
  expires_at: '2026-11-21T08:01:00.000Z',
  dispatched_at: '2026-11-21T08:00:00.100Z',
  acknowledged_at: null,
  finished_at: null,
  result: null,
};
const shape = (record: CommandRecord) => milestones(record).map((one) => `${one.name} ${one.state}`);

describe('milestones of a command', () => {
  it('shows how far it is', () =>
    expect(shape(command)).toEqual([
      'accepted done',
      'queued done',
      'dispatched current',
      'acknowledged todo',
      'finished todo',
    ]));

  it('does not pretend that an expired command was delivered', () =>
    expect(
      shape({ ...command, status: 'expired', dispatched_at: null, finished_at: command.expires_at }),
    ).toEqual([
      'accepted done',
      'queued skipped',
      'dispatched skipped',
      'acknowledged skipped',
      'expired failed',
    ]));

  it('ends well', () =>
    expect(shape({ ...command, status: 'succeeded', acknowledged_at: command.dispatched_at }).at(-1)).toBe(
      'succeeded done',
    ));
});
