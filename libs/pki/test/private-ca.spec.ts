import { createPublicKey, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  issueClient,
  makeIntermediate,
  makeRequest,
  makeRevocationList,
  makeRoot,
  openAuthority,
  readRequest,
} from '../src';
import type { Authority, Revocation } from '../src';
import { signatureAlgorithm } from '../src/authority-key';
import { x509 } from '../src/x509';
import { openssl } from './openssl';

const now = Date.now();
const organization = 'Viworks';
let dir: string;
let root: Authority;
let intermediate: Authority;

const file = (name: string): string => join(dir, name);
const put = async (name: string, content: string | Buffer): Promise<string> => {
  await writeFile(file(name), content);
  return file(name);
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-pki-'));
  const top = await makeRoot({ commonName: 'viw root', organization, now });
  root = await openAuthority(top.pem, top.privateKey);
  const below = await makeIntermediate({ commonName: 'viw gateways', organization, now }, root);
  intermediate = await openAuthority(below.pem, below.privateKey);
  await put('root.pem', top.pem);
  await put('intermediate.pem', below.pem);
  await lists([]);
});
afterAll(() => rm(dir, { recursive: true }));

/** The lists of both authorities, as PEM in one file. */
async function lists(revoked: readonly Revocation[], number = 1): Promise<void> {
  const thisUpdate = new Date(now - 1_000);
  const nextUpdate = new Date(now + 86_400_000);
  const texts: string[] = [];
  for (const [authority, entries] of [
    [root, []],
    [intermediate, revoked],
  ] as const) {
    const der = await makeRevocationList({ number, thisUpdate, nextUpdate, revoked: entries }, authority);
    await put('list.crl', der);
    const { output } = await openssl('crl', '-inform', 'DER', '-in', file('list.crl'), '-outform', 'PEM');
    texts.push(output);
  }
  await put('lists.pem', texts.join(''));
}

const verify = (leaf: string) =>
  openssl(
    ...['verify', '-x509_strict', '-crl_check_all', '-purpose', 'sslclient', '-CAfile', file('root.pem')],
    ...['-untrusted', file('intermediate.pem'), '-CRLfile', file('lists.pem'), leaf],
  );

const options = { commonName: 'gw-1', organization, uri: 'urn:viw:gateway:gw-1', days: 30, now };

async function client(name: string) {
  const { privateKey } = generateKeyPairSync('ed25519');
  const issued = await issueClient(options, await readRequest(makeRequest(privateKey)), intermediate);
  return { ...issued, privateKey, path: await put(name, issued.pem) };
}

it('openssl accepts, strictly and with revocation lists, what is issued', async () => {
  const { path } = await client('leaf.pem');
  expect(await verify(path)).toEqual({ code: 0, output: `${path}: OK\n` });
  const text = (await openssl('x509', '-in', path, '-noout', '-text')).output;
  expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
  expect(text).toMatch(/Extended Key Usage:\s+TLS Web Client Authentication\n/);
  expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
  expect(text).toContain('URI:urn:viw:gateway:gw-1');
  expect(text).toContain('Subject: O = Viworks, CN = gw-1');
  const above = (await openssl('x509', '-in', file('intermediate.pem'), '-noout', '-text')).output;
  expect(above).toMatch(/CA:TRUE, pathlen:0/);
  expect(above).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
});

it('the certificate is for the key of the request, from five minutes ago, with a number nobody can tell', async () => {
  const { privateKey, pem, serial, notBefore, notAfter } = await client('own.pem');
  const certificate = new X509Certificate(pem);
  expect(certificate.checkPrivateKey(privateKey)).toBe(true);
  expect(certificate.verify(createPublicKey(await readFile(file('intermediate.pem'))))).toBe(true);
  expect(Date.parse(certificate.validFrom)).toBe(notBefore.getTime());
  expect(now - notBefore.getTime()).toBeGreaterThanOrEqual(300_000);
  expect(Date.parse(certificate.validTo)).toBe(notAfter.getTime());
  expect(BigInt(`0x${certificate.serialNumber}`)).toBe(BigInt(`0x${serial}`));
  const serials = new Set(await Promise.all([1, 2, 3].map(async () => (await client('more.pem')).serial)));
  expect(serials.size).toBe(3);
});

it('a revoked one is refused by its list, which has a number; every leading byte of a serial finds its entry', async () => {
  const kept = await client('kept.pem');
  const revoked = await Promise.all(Array.from({ length: 8 }, (_, n) => client(`revoked-${n}.pem`)));
  const at = new Date(now);
  const reason = 'keyCompromise';
  await lists(
    revoked.map(({ serial }) => ({ serial, at, reason })),
    7,
  );
  for (const { path } of revoked) expect((await verify(path)).output).toContain('certificate revoked');
  expect((await verify(kept.path)).code).toBe(0);
  const { output } = await openssl('crl', '-inform', 'DER', '-in', file('list.crl'), '-noout', '-text');
  expect(output).toMatch(/CRL Number:\s+7\n/);
  expect(output).toContain('Key Compromise');
  await lists([]);
});

it('neither outlives its issuer nor makes an authority', async () => {
  const request = await readRequest(makeRequest(generateKeyPairSync('ed25519').privateKey));
  const late = await issueClient({ ...options, days: 99_999 }, request, intermediate);
  expect(late.notAfter).toEqual(intermediate.certificate.notAfter);
  const forged = await makeIntermediate({ commonName: 'deeper', organization, now }, intermediate);
  const deeper = await openAuthority(forged.pem, forged.privateKey);
  const leaf = await put('deep.pem', (await issueClient(options, request, deeper)).pem);
  await put('chain.pem', forged.pem + (await readFile(file('intermediate.pem'), 'utf8')));
  const { output } = await openssl(
    ...['verify', '-x509_strict', '-CAfile', file('root.pem'), '-untrusted', file('chain.pem'), leaf],
  );
  expect(output).toContain('path length constraint exceeded');
});

it('takes requests of openssl for EC and Ed25519 keys, and no others', async () => {
  const ask = async (...key: string[]): Promise<string> => {
    await openssl('req', '-new', ...key, '-nodes', '-keyout', file('k'), '-subj', '/CN=x', '-out', file('r'));
    return readFile(file('r'), 'utf8');
  };
  const curve = (name: string) => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${name}`];
  for (const key of [curve('P-256'), curve('P-384'), ['-newkey', 'ed25519']]) {
    const { publicKey } = await readRequest(await ask(...key));
    expect(publicKey.length).toBeGreaterThan(0);
    const leaf = await put('openssl.pem', (await issueClient(options, { publicKey }, intermediate)).pem);
    expect((await verify(leaf)).code).toBe(0);
  }
  const good = await ask('-newkey', 'ed25519');
  const altered = Buffer.from(good.replace(/-----[^-]+-----/g, ''), 'base64');
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  const broken = `-----BEGIN CERTIFICATE REQUEST-----\n${altered.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  for (const pem of [broken, await ask('-newkey', 'rsa:2048'), await ask(...curve('secp256k1')), 'x', ''])
    await expect(readRequest(pem)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});

it('a request of an agent is one to openssl too', async () => {
  const path = await put('agent.csr', makeRequest(generateKeyPairSync('ed25519').privateKey));
  expect(await openssl('req', '-in', path, '-noout', '-verify', '-subject')).toEqual({
    code: 0,
    output: expect.stringMatching(/^subject=\s*\n?Certificate request self-signature verify OK\n$/) as string,
  });
});

it('an authority opens with its own key only', async () => {
  const other = await makeRoot({ commonName: 'other', organization, now });
  const pem = await readFile(file('root.pem'), 'utf8');
  await expect(openAuthority(pem, other.privateKey)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  await expect(openAuthority(pem, 'canary')).rejects.not.toThrow(/canary/);
});

it('a key opens its own certificate alone: neither one that bears its identifier, nor one with another behind it', async () => {
  const top = await makeRoot({ commonName: 'viw root', organization, now });
  const foreign = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const { subjectName: subject, extensions } = new x509.X509Certificate(top.pem);
  const forged = await x509.X509CertificateGenerator.create({
    ...{ subject, issuer: subject, extensions, publicKey: foreign.publicKey, signingKey: foreign.privateKey },
    signingAlgorithm: signatureAlgorithm,
  });
  const text = `${forged.toString('pem')}\n`;
  for (const pem of [text, top.pem + text])
    await expect(openAuthority(pem, top.privateKey)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  await openAuthority(top.pem, top.privateKey);
});
