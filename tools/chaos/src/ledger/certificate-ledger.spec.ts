import type { AskedCertificate, CertificateEvidence } from './certificate-books';
import { auditCertificates } from './certificate-ledger';

const [old, fresh, second] = ['aa', 'bb', 'cc'];
const asked: AskedCertificate = {
  site: 'a.example',
  certificateId: 'cert-1',
  operationId: 'op-1',
  expected: 'served',
  before: old,
};
const operation = { id: 'op-1', certificateId: 'cert-1', status: 'succeeded' as const, error: null };
const version = { certificateId: 'cert-1', serial: '0A1B', fingerprint: fresh };
const found: CertificateEvidence = {
  operations: [operation],
  firstEnds: new Map([['op-1', 'succeeded']]),
  ca: { orders: [{ id: 'o-1', site: 'a.example' }], issued: [{ orderId: 'o-1', serial: '0a1b' }] },
  versions: [version],
  served: new Map([['a.example', fresh]]),
  onDisk: new Map([['a.example', fresh]]),
  seen: new Map([
    [
      'a.example',
      [
        { fingerprint: old, count: 40 },
        { fingerprint: fresh, count: 20 },
      ],
    ],
  ]),
  leftOvers: [],
  brokenServers: [],
};
const nothing = { lost: 0, duplicated: 0, phantom: 0, left_over: 0, unserved: 0 };
const audit = (damage: Partial<CertificateEvidence>, one: Partial<AskedCertificate> = {}) =>
  auditCertificates([{ ...asked, ...one }], { ...found, ...damage });
const refused = { expected: 'refused' as const };
const put = {
  operations: [{ ...operation, status: 'failed' as const, error: 'the disk is full' }],
  firstEnds: new Map([['op-1', 'failed' as const]]),
  served: new Map([['a.example', old]]),
  onDisk: new Map([['a.example', old]]),
};

it('finds nothing where everything came once and is served', () => {
  expect(audit({})).toEqual({ ...nothing, examples: [] });
});

it('finds nothing where a server refused and serves the former one, though it showed the new one for a moment', () => {
  const seen = new Map([['a.example', [old, fresh, old].map((fingerprint) => ({ fingerprint, count: 3 }))]]);
  expect(audit({ ...put, seen }, refused)).toEqual({ ...nothing, examples: [] });
});

it('an order that nobody went on with is excused to a bystander of a kill only, and only beside another', () => {
  const orders = [{ id: 'o-0', site: 'a.example', begun: false }, ...found.ca.orders];
  const bystander = { ordersBesideKills: true };
  expect(audit({ ca: { ...found.ca, orders } }, bystander)).toEqual({ ...nothing, examples: [] });
  expect(audit({ ca: { ...found.ca, orders } })).toMatchObject({ ...nothing, duplicated: 1 });
  const begun = orders.map((order) => ({ ...order, begun: true }));
  expect(audit({ ca: { ...found.ca, orders: begun } }, bystander)).toMatchObject({ duplicated: 1 });
});

describe('the damage of a worker without', () => {
  it('the URL of its order, which it orders again', () => {
    const orders = [...found.ca.orders, { id: 'o-2', site: 'a.example' }];
    expect(audit({ ca: { ...found.ca, orders } })).toMatchObject({ ...nothing, duplicated: 1 });
  });

  it('the key of its order, which it has issued twice', () => {
    const ca = {
      orders: [...found.ca.orders, { id: 'o-2', site: 'a.example' }],
      issued: [...found.ca.issued, { orderId: 'o-2', serial: '0c' }],
    };
    expect(audit({ ca })).toMatchObject({ ...nothing, duplicated: 2 });
  });

  it('a fencing token, whose save comes after that of its successor', () => {
    const versions = [version, { ...version, fingerprint: second }];
    expect(audit({ versions })).toMatchObject({ ...nothing, duplicated: 1 });
  });

  it('a guard on ends, which ends an operation a second time', () => {
    expect(audit({ firstEnds: new Map([['op-1', 'failed']]) })).toMatchObject({ ...nothing, duplicated: 1 });
  });

  it('clean-up', () => {
    expect(audit({ leftOvers: ['TXT x for a.example'] })).toMatchObject({ ...nothing, left_over: 1 });
  });

  it('an undo of the switch, where the server cannot take it', () => {
    for (const where of ['served', 'onDisk'])
      expect(audit({ ...put, [where]: new Map([['a.example', fresh]]) }, refused)).toMatchObject({
        ...nothing,
        lost: 1,
      });
    expect(audit({ ...put, brokenServers: ['NGINX would not start'] }, refused)).toMatchObject({
      ...nothing,
      unserved: 1,
    });
  });

  it('a proof', () => {
    expect(audit({ served: new Map([['a.example', old]]) })).toMatchObject({ ...nothing, lost: 1 });
    expect(audit({}, refused)).toMatchObject({ phantom: 1, lost: 2 });
  });

  it('one atomic step to a pair that fits', () => {
    const seen = new Map([['a.example', [{ fingerprint: undefined, error: 'reset', count: 3 }]]]);
    expect(audit({ seen })).toMatchObject({ ...nothing, unserved: 3 });
    const strange = new Map([['a.example', [{ fingerprint: second, count: 1 }]]]);
    expect(audit({ seen: strange })).toMatchObject({ ...nothing, phantom: 1 });
  });
});

it('misses what never ended, what the CA never heard of, and what nobody asked for', () => {
  expect(audit({ operations: [{ ...operation, status: 'running' }], firstEnds: new Map() })).toMatchObject({
    ...nothing,
    lost: 1,
  });
  expect(audit({ ca: { orders: [], issued: [] } })).toMatchObject({ lost: 2, phantom: 1 });
  const ca = { ...found.ca, orders: [...found.ca.orders, { id: 'o-9', site: undefined }] };
  const versions = [version, { ...version, certificateId: 'cert-9' }];
  const operations = [operation, { ...operation, id: 'op-9', certificateId: 'cert-9' }];
  expect(audit({ ca, versions, operations })).toMatchObject({ ...nothing, phantom: 3 });
});
