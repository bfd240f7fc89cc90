import { X509Certificate } from 'node:crypto';
import type { RegistryEntry } from '@viw/contracts';
import { CertificateGateway } from '../src/handshake/certificate/certificate-gateway';
import { GatewayObjection } from '../src/registry/gateway-objection';
import { GatewayRegistry } from '../src/registry/gateway-registry';
import { TestCa } from './test-ca';
import type { Issued } from './test-ca';
import { active } from './test-registry';

let ca: TestCa;
let former: Issued;
let present: Issued;
let now: number;

beforeAll(async () => {
  ca = await TestCa.create();
  [former, present] = [await ca.issue({ subject: '/CN=gw-1' }), await ca.issue({ subject: '/CN=gw-1' })];
});
afterAll(() => ca.remove());
beforeEach(() => {
  now = Date.now();
});

function hub(entry: RegistryEntry) {
  const registry = new GatewayRegistry({ onChange: () => undefined });
  registry.load({ version: 1, frozen: false, gateways: [entry] });
  const gateways = new CertificateGateway(
    { subjectPolicy: undefined },
    { registry, authorities: undefined, clock: { now: () => now } },
  );
  const objection = new GatewayObjection({ unknownAgents: 'refuse' }, { registry });
  const request = {
    path: '/agent/ws',
    headers: {},
    ip: '192.0.2.1',
    clientKnown: true,
    viaTrustedProxy: false,
  };
  const show = ({ cert }: Issued) => gateways.identify('mtls', new X509Certificate(cert), request);
  return { registry, objection, show };
}

const renewed = () =>
  active('gw-1', {
    certificate_sha256: present.sha256,
    former_certificate: { sha256: former.sha256, until: new Date(now + 60_000).toISOString() },
  });

it('the certificate before a renewal opens its gateway until its time is over; what it has opened stays', () => {
  const { objection, show } = hub(renewed());
  for (const each of [present, former]) {
    const identity = show(each);
    expect(identity).toMatchObject({ ok: true, agentId: 'gw-1' });
    expect(identity.ok && objection.to(identity)).toBeUndefined();
  }
  const opened = show(former);
  now += 60_000;
  expect(show(former)).toMatchObject({ ok: false, code: 'NOT_ALLOWED' });
  expect(show(present)).toMatchObject({ ok: true });
  expect(opened.ok && objection.to(opened)).toBeUndefined();
});

it('it opens nothing any more once it is taken out of the entry, and what it has opened ends', () => {
  const { registry, objection, show } = hub(renewed());
  const opened = show(former);
  registry.apply({
    kind: 'gateway',
    version: 2,
    entry: active('gw-1', { certificate_sha256: present.sha256 }),
  });
  expect(show(former)).toMatchObject({ ok: false, code: 'NOT_ALLOWED' });
  expect(opened.ok && objection.to(opened)).toMatchObject({ code: 'NOT_ALLOWED' });
});

it('a former certificate that is another gateway’s now opens that one', () => {
  const { registry, show } = hub(renewed());
  const other = active('gw-2', { certificate_sha256: former.sha256 });
  registry.apply({ kind: 'gateway', version: 2, entry: other });
  expect(show(former)).toMatchObject({ ok: true, agentId: 'gw-2' });
  registry.apply({ kind: 'gateway', version: 3, entry: renewed() });
  expect(show(former)).toMatchObject({ ok: true, agentId: 'gw-2' });
});
