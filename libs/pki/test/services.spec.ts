import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  issueService,
  issuerNames,
  makeIntermediate,
  makeOcspResponse,
  makeResponder,
  makeRevocationList,
  makeRoot,
  ocspRefusal,
  openAuthority,
  readOcspRequest,
  readRequest,
} from '../src';
import type { Authority, CertificateStatus, OcspResponder, ServiceProfileName } from '../src';
import { openssl } from './openssl';

const now = Date.now();
const organization = 'Viworks';
let dir: string;
let authority: Authority;
let responder: OcspResponder;

const file = (name: string): string => join(dir, name);
const put = async (name: string, content: string | Buffer): Promise<string> => {
  await writeFile(file(name), content);
  return file(name);
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-services-'));
  const top = await makeRoot({ commonName: 'viw root', organization, now });
  const root = await openAuthority(top.pem, top.privateKey);
  const below = await makeIntermediate({ commonName: 'viw services', organization, now }, root);
  authority = await openAuthority(below.pem, below.privateKey);
  responder = await makeResponder({ organization, days: 2, now }, authority);
  await put('root.pem', top.pem);
  await put('issuer.pem', below.pem);
  await put('bundle.pem', below.pem + top.pem);
  const lists: string[] = [];
  const [thisUpdate, nextUpdate] = [new Date(now - 1_000), new Date(now + 86_400_000)];
  for (const each of [root, authority]) {
    await put('one.crl', await makeRevocationList({ number: 1, thisUpdate, nextUpdate, revoked: [] }, each));
    lists.push((await openssl('crl', '-inform', 'DER', '-in', file('one.crl'))).output);
  }
  await put('lists.pem', lists.join(''));
});
afterAll(() => rm(dir, { recursive: true }));

async function requestFor(...newKey: string[]) {
  const made = ['-nodes', '-keyout', file('key.pem'), '-subj', '/CN=ignored', '-out', file('csr.pem')];
  await openssl('req', '-new', ...newKey, ...made);
  return readRequest(await readFile(file('csr.pem'), 'utf8'), { rsa: true });
}
const rsa = ['-newkey', 'rsa:2048'];
const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

async function issued(profile: ServiceProfileName, key: readonly string[] = ec, more = {}) {
  const certificate = await issueService(
    {
      ...{ profile, organization, commonName: 'orders', days: 90, now },
      ...{
        dnsNames: ['orders.example.org', '*.orders.example.org'],
        ipAddresses: ['192.0.2.7', '2001:db8::7'],
      },
      uris: ['spiffe://example.org/orders'],
      ...more,
    },
    await requestFor(...key),
    authority,
  );
  const path = await put('leaf.pem', certificate.pem);
  return { ...certificate, path, text: (await openssl('x509', '-in', path, '-noout', '-text')).output };
}

const verify = (leaf: string, purpose: string) =>
  openssl(
    ...['verify', '-x509_strict', '-crl_check_all', '-purpose', purpose, '-CAfile', file('root.pem')],
    ...['-untrusted', file('issuer.pem'), '-CRLfile', file('lists.pem'), leaf],
  );

const client = 'TLS Web Client Authentication';
const server = 'TLS Web Server Authentication';
const profiles: readonly (readonly [ServiceProfileName, string, readonly string[], string])[] = [
  ['client', client, ['sslclient'], 'O = Viworks, CN = orders'],
  ['server', server, ['sslserver'], 'O = Viworks, CN = orders'],
  ['dual', `${server}, ${client}`, ['sslclient', 'sslserver'], 'O = Viworks, CN = orders'],
  ['postgres-client', client, ['sslclient'], 'O = Viworks, OU = PostgreSQL clients, CN = orders'],
  ['mongodb-client', client, ['sslclient'], 'O = Viworks, OU = MongoDB clients, CN = orders'],
];

it.each(profiles)(
  '%s: openssl accepts it strictly, for that and nothing else',
  async (profile, usage, purposes, subject) => {
    const { path, text } = await issued(profile);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(new RegExp(`Extended Key Usage: ?\\s+${usage}\n`));
    expect(text).toContain(`Subject: ${subject}\n`);
    expect(text).toContain('CA:FALSE');
    for (const purpose of ['sslclient', 'sslserver'])
      expect([purpose, (await verify(path, purpose)).code === 0]).toEqual([
        purpose,
        purposes.includes(purpose),
      ]);
  },
);

it('RSA keys may encipher keys, and are taken within bounds; names are those that the issuer was told', async () => {
  const { path, text } = await issued('server', rsa, {
    status: { crl: 'http://pki.example.org/x.crl', ocsp: 'http://pki.example.org/ocsp' },
  });
  expect(text).toMatch(/Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
  expect(text).toContain(
    'DNS:orders.example.org, DNS:*.orders.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7, URI:spiffe://example.org/orders',
  );
  expect(text).toContain('URI:http://pki.example.org/x.crl');
  expect(text).toContain('OCSP - URI:http://pki.example.org/ocsp');
  expect((await verify(path, 'sslserver')).code).toBe(0);
  await expect(requestFor('-newkey', 'rsa:1024')).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  const plain = await issued('client', ec, { dnsNames: [], ipAddresses: [], uris: [] });
  expect(plain.text).not.toContain('Alternative Name');
  expect((await verify(plain.path, 'sslclient')).code).toBe(0);
});

describe('OCSP', () => {
  const minutes = (n: number): Date => new Date(now + n * 60_000);

  async function asked(leaf: string, ...options: string[]) {
    await openssl(
      'ocsp',
      '-issuer',
      file('issuer.pem'),
      // A digest counts for the certificates behind it.
      ...options,
      '-cert',
      leaf,
      '-reqout',
      file('request.der'),
    );
    return readOcspRequest(await readFile(file('request.der')));
  }

  async function answer(leaf: string, status: CertificateStatus, by: OcspResponder) {
    const question = await asked(leaf);
    if (question === undefined) throw new Error('openssl asks what cannot be read');
    const statuses = question.certificates.map((each) => ({ asked: each, status }));
    const times = { thisUpdate: minutes(-1), nextUpdate: minutes(60) };
    await put('response.der', makeOcspResponse({ statuses, nonce: question.nonce, ...times }, by));
    const { output } = await openssl(
      ...['ocsp', '-issuer', file('issuer.pem'), '-cert', leaf, '-respin', file('response.der')],
      ...['-no_nonce', '-CAfile', file('bundle.pem')],
    );
    return { output, question };
  }

  it('openssl believes good, revoked with its reason, and unknown', async () => {
    const { path, serial } = await issued('client');
    const good = await answer(path, 'good', responder);
    expect(good.output).toContain('Response verify OK');
    expect(good.output).toContain(`${path}: good`);
    expect(good.output).toMatch(/This Update: \w+ +\d+ \d\d:\d\d:\d\d \d{4} GMT\n/);
    expect(good.question.nonce).toBeDefined();
    expect(good.question.certificates[0]?.serial).toBe(serial);
    expect(issuerNames(authority.certificate)).toContain(good.question.certificates[0]?.issuer);
    const revoked = await answer(path, { at: minutes(-5), reason: 'superseded' }, responder);
    expect(revoked.output).toMatch(/: revoked\n[^]*Reason: superseded\n[^]*Response verify OK/);
    expect((await answer(path, 'unknown', responder)).output).toMatch(/: unknown\n[^]*Response verify OK/);
    const sha256 = await asked(path, '-no_nonce', '-sha256');
    expect(sha256?.nonce).toBeUndefined();
    expect(issuerNames(authority.certificate)).toContain(sha256?.certificates[0]?.issuer);
  });

  it('a responder of another authority is not believed; its certificate holds strictly', async () => {
    const other = await makeRoot({ commonName: 'other', organization, now });
    const foreign = await makeResponder(
      { organization, days: 2, now },
      await openAuthority(other.pem, other.privateKey),
    );
    const { path } = await issued('client');
    expect((await answer(path, 'good', foreign)).output).toContain('Response Verify Failure');
    const own = await put('responder.pem', responder.certificate.toString('pem'));
    expect(await verify(own, 'ocsphelper')).toEqual({ code: 0, output: `${own}: OK\n` });
  });

  it('what is no request, or asks too much, is not read', async () => {
    const { path } = await issued('client');
    const request = await asked(path).then(() => readFile(file('request.der')));
    for (let end = 0; end < request.length; end += 7)
      expect(readOcspRequest(request.subarray(0, end))).toBeUndefined();
    const many = Array.from({ length: 17 }, () => ['-cert', path]).flat();
    expect(await asked(path, ...many)).toBeUndefined();
    await put('response.der', ocspRefusal('unauthorized'));
    const { output } = await openssl('ocsp', '-respin', file('response.der'), '-noverify');
    expect(output).toContain('Responder Error: unauthorized (6)');
  });
});
