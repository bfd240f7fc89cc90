import { alertSubject, alertWriters, isAlertOf } from './alert-subject';
import { alertStreams, alertsBody, bridgeAlertsStream, certAlertsStream } from './streams';

it.each([
  ['certificate-operation:c-1:renew', { kind: 'certificate', id: 'c-1' }],
  ['certificate-drift:v-1', { kind: 'virtual_host', id: 'v-1' }],
  ['virtual-host-snippet:v-1', { kind: 'virtual_host', id: 'v-1' }],
  ['result-signature:gw-1', { kind: 'gateway', id: 'gw-1' }],
])('%s is about what its key names', (key, about) => {
  expect(alertSubject(key)).toEqual({ kind: key.split(':')[0], about });
});

it.each(['disk-full:db', 'constructor:x', 'certificate-drift', 'certificate-drift:', ''])(
  '"%s" is about nothing known',
  (key) => {
    expect(alertSubject(key).about).toBeNull();
  },
);

const said = (dedupe_key: string) => ({
  action: 'cleared',
  dedupe_key,
  severity: 'info',
  title: 'over',
  at: '2026-11-21T08:05:00.000Z',
});

it.each([
  'certificate-operation:c-1:renew',
  'certificate.expiring:c-1',
  'result-signature:gw-1',
  'gateway-lost:gw-1',
  'disk-full',
  'agent-contested',
  'agent-contested2:gw-1',
  ' agent-contested:gw-1',
  'toString:x',
  '',
])('a hub has nothing to say of "%s"', (key) => {
  const own = key === 'agent-contested';
  expect(isAlertOf('agent-bridge', key)).toBe(own);
  expect(bridgeAlertsStream.body.safeParse(said(key)).success).toBe(own);
});

it('each kind is of one writer at most, and each writer says in its own stream what it may', () => {
  for (const contract of alertStreams.slice(1))
    for (const example of contract.examples)
      expect(alertWriters.filter((writer) => isAlertOf(writer, example.dedupe_key))).toHaveLength(1);
  expect(certAlertsStream.body.safeParse(said('virtual-host-snippet:v-1')).success).toBe(true);
  const refused = certAlertsStream.body.safeParse(said('agent-contested:gw-1'));
  expect(refused.error?.issues).toMatchObject([{ path: ['dedupe_key'] }]);
  // What former versions have left, and the backend's word, is of any kind.
  expect(alertsBody.safeParse(said('agent-contested:gw-1')).success).toBe(true);
});
