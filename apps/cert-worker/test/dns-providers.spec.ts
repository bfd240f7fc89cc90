import { randomBytes } from 'node:crypto';
import { Rfc2136Provider, parseTsigKey } from '@viw/acme';
import { DnsProviderRepository, ManualRecordRepository, OperationRepository } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import { SecretBox, sealDnsProviderSecret } from '@viw/secrets';
import { eventually, startCloudflare, startKnot, type Cloudflare, type Knot } from '@viw/testing';
import { sql } from 'kysely';
import { startOutboxRelay } from './outbox-relay';
import { startRig, type Rig } from './rig';

let knot: Knot;
let rig: Rig;
let cloudflare: Cloudflare;
let zone: Rfc2136Provider;
let stopRelay: () => Promise<void>;
let worker: Awaited<ReturnType<Rig['startWorker']>>;
/** Who has a name chooses where its record is. */
const led = `
_acme-challenge.proof CNAME _acme-challenge.proofs
_acme-challenge.other CNAME _dmarc
`;
let ofCloudflare: string;
const token = randomBytes(20).toString('hex');

beforeAll(async () => {
  knot = await startKnot({
    zones: {
      'cf.example': { records: led },
      'other.example': {},
      'hand.example': {},
      'nobody.example': {},
    },
  });
  zone = new Rfc2136Provider({
    host: knot.address,
    port: knot.port,
    key: parseTsigKey(knot.tsigKey)!,
  });
  const feed = {
    add: (name: string, value: string) => zone.addTxt(name, value),
    remove: (name: string, value: string) => zone.removeTxt(name, value),
  };
  cloudflare = await startCloudflare({
    token,
    zones: { 'cf.example': 'edit', 'other.example': 'edit' },
    feed,
  });
  rig = await startRig([], { dnsResolver: `127.0.0.1:${knot.port}` });
  stopRelay = startOutboxRelay(rig.db, rig.producer);
  worker = await rig.startWorker({
    CERT_WORKER_DNS_RESOLVERS: `127.0.0.1:${knot.port}`,
    CERT_WORKER_DNS_AUTHORITY_PORT: String(knot.port),
    CERT_WORKER_DNS_PROVIDER_LOOPBACK: 'true',
    CERT_WORKER_DNS_MANUAL_EVERY_MS: '200',
    CERT_WORKER_SCHEDULE_EVERY_MS: '600000',
  });
  ofCloudflare = await provider(
    'cloudflare',
    ['cf.example'],
    { api_url: cloudflare.url },
    { api_token: token },
  );
  await provider('manual', ['hand.example'], { wait_s: 3_600 });
}, 60_000);
afterAll(async () => {
  await worker?.stop();
  await stopRelay?.();
  await rig?.stop();
  await cloudflare?.stop();
  await knot?.stop();
});

async function provider(
  kind: 'cloudflare' | 'manual',
  zones: string[],
  settings: Record<string, unknown>,
  secret?: Record<string, unknown>,
): Promise<string> {
  const stored = JSON.parse(rig.environment()['CERT_WORKER_ENCRYPTION_KEY']!) as { id: string; key: string };
  const box = new SecretBox({ keys: [{ id: stored.id, key: Buffer.from(stored.key, 'base64') }] });
  const id = uuidv7();
  const sealed = secret ? sealDnsProviderSecret(box, id, secret) : null;
  await new DnsProviderRepository({ db: rig.db }).create({
    id,
    name: `${kind} ${id}`,
    kind,
    zones,
    settings,
    sealed,
  });
  return id;
}

/** As the backend's reconciler does; the relay publishes what it brings back. */
const broughtBack = (): Promise<string[]> =>
  new OperationRepository({ db: rig.db }).requeueStale({ afterSeconds: 0 });

const waits = (id: string) =>
  eventually(async () => {
    const operation = await rig.operation(id);
    expect(operation?.manual_records).toHaveLength(2);
    const { rows } = await sql<{ free: boolean }>`SELECT lease_until IS NULL AS free
      FROM viw.certificate_operations WHERE id = ${id} AND status = 'running'`.execute(rig.db);
    expect(rows).toEqual([{ free: true }]);
    return operation!;
  });

const names = (domain: string) => [domain, `*.${domain}`];

test('the provider whose zone fits proves wildcard and apex; its secret is nowhere in clear', async () => {
  const id = await rig.certificate(names('cf.example'), [], 'dns-01');
  expect(await rig.ended(await rig.request(id, 'issue'))).toMatchObject({ status: 'succeeded', error: null });
  expect(await knot.txt('_acme-challenge.cf.example')).toEqual([]);
  const { rows } = await sql<{ text: string }>`SELECT t::text AS text FROM viw.certificate_operation_steps t
    UNION ALL SELECT p::text FROM viw.dns_providers p`.execute(rig.db);
  expect([...rig.logs, ...rows.map(({ text }) => text)].join('\n')).not.toContain(token);
});

test('a record that a CNAME has led into the zone of a provider is set only where proofs are', async () => {
  const proof = await rig.certificate(['proof.cf.example'], [], 'dns-01');
  expect(await rig.ended(await rig.request(proof, 'issue'))).toMatchObject({ error: null });
  const other = await rig.certificate(['other.cf.example'], [], 'dns-01');
  const { error } = await rig.ended(await rig.request(other, 'issue'));
  expect(error).toMatchObject({
    code: 'ACME_REFUSED',
    msg: expect.stringContaining('_dmarc.cf.example') as string,
  });
});

test('a provider that is named sets nothing outside its zones, though its credential may', async () => {
  const ended = async (name: string) => {
    const id = await rig.certificate([name], [], 'dns-01');
    await sql`UPDATE viw.certificates SET dns_provider_id = ${ofCloudflare} WHERE id = ${id}`.execute(rig.db);
    return rig.ended(await rig.request(id, 'issue'));
  };
  expect((await ended('www.other.example')).error).toMatchObject({
    code: 'ACME_REFUSED',
    msg: expect.stringMatching(/_acme-challenge\.www\.other\.example lies in no zone of/) as string,
  });
  // Who may name the provider may have its record anywhere within.
  expect((await ended('other.cf.example')).error).toBeNull();
});

test('a zone that nobody has is said before anything is ordered', async () => {
  const id = await rig.certificate(['www.nobody.example'], [], 'dns-01');
  const operation = await rig.ended(await rig.request(id, 'issue'));
  expect(operation).toMatchObject({ error: { code: 'NOT_IMPLEMENTED' }, order_state: null });
});

test('by hand: it waits in nobody’s hands, and goes on when all servers show the records', async () => {
  const id = await rig.request(await rig.certificate(names('hand.example'), [], 'dns-01'), 'issue');
  const { manual_records: records, steps } = await waits(id);
  expect(records.map(({ state, record }) => `${record} ${state}`)).toEqual([
    '_acme-challenge.hand.example waiting',
    '_acme-challenge.hand.example waiting',
  ]);
  expect(steps.filter(({ status }) => status === 'failed')).toEqual([]);
  expect(await broughtBack()).toEqual([]);

  for (const { record, value } of records) await zone.addTxt(record, value);
  await eventually(async () => {
    const states = (await rig.operation(id))?.manual_records.map(({ state }) => state);
    expect(states).toEqual(['shown', 'shown']);
  });
  expect(await broughtBack()).toEqual([id]);
  const ended = await rig.ended(id);
  expect(ended).toMatchObject({ status: 'succeeded', error: null });
  expect(ended.manual_records.map(({ state }) => state)).toEqual(['done', 'done']);
  // One order, resumed.
  expect(ended.steps.some(({ step, detail }) => step === 'order' && detail?.includes('(resumed)'))).toBe(
    true,
  );
});

test('by hand: somebody may say that it is done; who says so too early gets the CA’s refusal', async () => {
  const id = await rig.request(await rig.certificate(names('early.hand.example'), [], 'dns-01'), 'issue');
  await waits(id);
  const records = new ManualRecordRepository({ db: rig.db });
  expect(await records.confirm(id)).toBe(2);
  await expect(records.confirm(id)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await broughtBack()).toEqual([id]);
  expect(await rig.ended(id)).toMatchObject({ status: 'failed', error: { code: 'ACME_REFUSED' } });
});

test('by hand: when nobody comes it ends, and says so', async () => {
  const certificate = await rig.certificate(names('late.hand.example'), [], 'dns-01');
  const id = await rig.request(certificate, 'issue');
  await waits(id);
  await sql`UPDATE viw.manual_records SET expires_at = now() WHERE operation_id = ${id}`.execute(rig.db);
  expect(await broughtBack()).toEqual([id]);
  const { error, manual_records: records } = await rig.ended(id);
  expect(error?.msg).toMatch(/nobody has set the TXT record _acme-challenge\.late\.hand\.example within 1 h/);
  expect(records.map(({ state }) => state)).toEqual(['expired', 'expired']);
  expect((await rig.certificateOf(certificate)).renewal.failure?.next_attempt_at).toBeNull();
});
