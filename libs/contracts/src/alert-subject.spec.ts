import { alertSubject } from './alert-subject';

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
