import { startFaultProxy, startKnot, startPebble, type Knot } from '@viw/testing';
import { sql } from 'kysely';
import { authoritiesOf } from '../src/issue/solvers';
import { outboundGuards } from '../src/outbound-guards';
import { startRig, stepLines, type Rig } from './rig';

let knot: Knot;
let rig: Rig;
beforeAll(async () => {
  knot = await startKnot({ zones: { 'zone.example': { records: 'tls A 127.0.0.1\n*.tls A 127.0.0.1' } } });
  rig = await startRig(['www.zone.example', 'tls.zone.example'], { dnsResolver: `127.0.0.1:${knot.port}` });
}, 60_000);
afterAll(async () => {
  await rig.stop();
  await knot.stop();
}, 60_000);

const names = ['zone.example', '*.zone.example'];

test('a wildcard and its apex: proved by dynamic updates, deployed, the key of the zone nowhere in clear', async () => {
  const worker = await rig.startWorker({
    CERT_WORKER_RFC2136_SERVER: `127.0.0.1:${knot.port}`,
    CERT_WORKER_RFC2136_KEY: knot.tsigKey,
    CERT_WORKER_DNS_RESOLVERS: `127.0.0.1:${knot.port}`,
    CERT_WORKER_DNS_AUTHORITY_PORT: String(knot.port),
    CERT_WORKER_SCHEDULE_EVERY_MS: '600000',
  });
  const host = await rig.virtualHost('www.zone.example');
  const id = await rig.certificate(names, [host.id], 'dns-01');
  const operation = await rig.ended(await rig.request(id, 'issue'));
  expect(operation).toMatchObject({ status: 'succeeded', error: null, order_state: 'stored' });
  const { current_version: version } = await rig.certificateOf(id);
  expect(version?.names.toSorted()).toEqual(names.toSorted());
  expect(await rig.served('www.zone.example')).toBe(version?.fingerprint_sha256);
  expect(await knot.txt('_acme-challenge.zone.example')).toEqual([]);
  await worker.stop();

  const secret = knot.tsigKey.split(':')[2] ?? '';
  expect(secret.length).toBeGreaterThan(40);
  const { rows } = await sql<{ text: string }>`
    SELECT t::text AS text FROM viw.certificate_operation_steps t`.execute(rig.db);
  expect([...rig.logs, ...rows.map(({ text }) => text)].join('\n')).not.toContain(secret);
});

test('a name server at an address that only its zone names is not asked inside, one that the configuration names is', async () => {
  const shown = (server?: { host: string; port: number }, loopback = false) => {
    const guards = outboundGuards({
      CERT_WORKER_PRIVATE_NETWORKS: ['10.0.0.0/8', '0.0.0.0/1'],
      CERT_WORKER_DNS_PROVIDER_LOOPBACK: loopback,
      CERT_WORKER_ACME_ACCOUNT_LOOPBACK: true,
    });
    const config = {
      CERT_WORKER_RFC2136_SERVER: server,
      CERT_WORKER_RFC2136_KEY: undefined,
      CERT_WORKER_DNS_RESOLVERS: [`127.0.0.1:${knot.port}`],
      CERT_WORKER_DNS_AUTHORITY_PORT: knot.port,
      CERT_WORKER_DNS_PROPAGATION_MS: 1_000,
    };
    return authoritiesOf(config, guards.dnsProviders).txtEverywhere('www.zone.example');
  };
  await expect(shown()).rejects.toMatchObject({
    code: 'ACME_REFUSED',
    message: expect.stringContaining(
      'no name server of zone.example may be asked: the address is not public, and CERT_WORKER_PRIVATE_NETWORKS',
    ) as string,
  });
  const answer = [{ server: expect.stringContaining('(127.0.0.1)') as string, values: [] }];
  expect(await shown({ host: '127.0.0.1', port: 53 })).toEqual(answer);
  expect(await shown(undefined, true)).toEqual(answer);
});

test('without a zone that can be changed: said in words, and not tried again', async () => {
  const worker = await rig.startWorker({ CERT_WORKER_SCHEDULE_EVERY_MS: '600000' });
  const id = await rig.certificate(names, [], 'dns-01');
  const operation = await rig.ended(await rig.request(id, 'issue'));
  expect(operation.error).toMatchObject({
    code: 'NOT_IMPLEMENTED',
    msg: 'this cert-worker is not set up to issue by acme with dns-01',
  });
  expect((await rig.certificateOf(id)).renewal.failure).toMatchObject({
    next_attempt_at: null,
    you_can: 'Choose an issuer and a challenge that this installation has.',
  });
  await worker.stop();
});

test('two names by TLS-ALPN-01, switched on by its address', async () => {
  const worker = await rig.startWorker({
    CERT_WORKER_TLSALPN01_BIND: `127.0.0.1:${rig.pebble.tlsPort}`,
    CERT_WORKER_SCHEDULE_EVERY_MS: '600000',
  });
  const site = 'tls.zone.example';
  const host = await rig.virtualHost(site);
  const id = await rig.certificate([site, `www.${site}`], [host.id], 'tls-alpn-01');
  expect(await rig.ended(await rig.request(id, 'issue'))).toMatchObject({ status: 'succeeded', error: null });
  expect(await rig.served(site)).toBe((await rig.certificateOf(id)).current_version?.fingerprint_sha256);
  await worker.stop();
});

test('after a failed validation the names are proved at staging first, and production is asked when that passes', async () => {
  const proxy = await startFaultProxy(rig.pebble);
  const staging = await startPebble({
    dnsResolver: `127.0.0.1:${knot.port}`,
    httpPort: rig.pebble.httpPort,
  });
  const start = (bind: Record<string, string>) =>
    rig.startWorker({
      CERT_WORKER_ACME_DIRECTORY_URL: proxy.directoryUrl,
      CERT_WORKER_ACME_CA: `${proxy.caCertPem}\n${staging.caCertPem}`,
      CERT_WORKER_ACME_STAGING_URL: staging.directoryUrl,
      CERT_WORKER_SCHEDULE_EVERY_MS: '600000',
      ...bind,
    });
  const orders = () => proxy.requests.filter(({ payload }) => payload?.['identifiers'] !== undefined).length;
  // Nothing answers where validations arrive.
  let worker = await start({ CERT_WORKER_HTTP01_BIND: '127.0.0.1:0' });
  const id = await rig.certificate(['late.tls.zone.example']);
  expect((await rig.ended(await rig.request(id, 'issue'))).status).toBe('failed');
  const asked = orders();
  expect(asked).toBeGreaterThan(0);

  const rehearsed = await rig.ended(await rig.request(id, 'issue'));
  expect(rehearsed.error?.msg).toMatch(/^at the CA's staging, before production: late\.tls\.zone\.example/);
  expect(stepLines(rehearsed).at(-1)).toBe('rehearsal challenge late.tls.zone.example failed');
  expect(orders()).toBe(asked);
  await worker.stop();

  worker = await start({});
  const operation = await rig.ended(await rig.request(id, 'issue'));
  expect(operation.error).toBeNull();
  const steps = stepLines(operation);
  expect(steps.indexOf('rehearsal download done')).toBeGreaterThan(0);
  expect(steps.indexOf('rehearsal download done')).toBeLessThan(steps.indexOf('order done'));
  expect((await rig.certificateOf(id)).current_version?.issuer).toContain('Pebble Intermediate');
  await worker.stop();
  await staging.stop();
  await proxy.stop();
});
