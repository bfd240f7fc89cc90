import type { Certificate, GatewaySummary } from '@viw/contracts';
import { attentionItems } from './attention';

const now = Date.UTC(2026, 10, 21);
const gateway = (state: GatewaySummary['state'], secondsAgo = 10) =>
  ({ state, last_seen_at: new Date(now - secondsAgo * 1_000).toISOString() }) as GatewaySummary;
const certificate = (daysLeft: number, state: Certificate['state'] = 'active') =>
  ({
    state,
    current_version: {
      not_before: new Date(now - (90 - daysLeft) * 86_400_000).toISOString(),
      not_after: new Date(now + daysLeft * 86_400_000).toISOString(),
    },
  }) as Certificate;

describe('what needs attention', () => {
  it('is nothing when all is well', () =>
    expect(
      attentionItems(
        [gateway('connected'), gateway('expected')],
        [certificate(80)],
        [{ may: ['withdraw'] }],
        now,
      ),
    ).toEqual([]));

  it('stands worst first and counts', () =>
    expect(
      attentionItems(
        [
          gateway('offline'),
          gateway('lost'),
          gateway('lost'),
          gateway('connected', 600),
          gateway('discovered'),
        ],
        [certificate(-1), certificate(2), certificate(80, 'failed')],
        [{ may: ['approve', 'reject'] }, { may: ['withdraw'] }],
        now,
      ).map(({ what }) => what),
    ).toEqual([
      '2 gateways lost',
      '1 certificate expired',
      '1 certificate close to expiry',
      '1 certificate could not be issued',
      '1 request waits for your approval',
      '1 gateway connected but silent',
      '1 gateway offline',
      '1 gateway waiting to be adopted',
    ]));
});
