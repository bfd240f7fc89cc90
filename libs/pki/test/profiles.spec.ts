import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  certifyServerAuthority,
  issueClient,
  issueService,
  makeRoot,
  nextRevocationList,
  openAuthority,
  serverNames,
  readRequest,
  requestAuthority,
} from '../src';
import type { Authority } from '../src';
import { openssl } from './openssl';

const now = Date.now();
const organization = 'Viworks';
const excluded = ['viw.example.org', 'localhost', '192.0.2.9', '2001:db8::9'];
let dir: string;
let web: Authority;
const file = (name: string): string => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-profiles-'));
  const root = await makeRoot({ commonName: 'viw root', organization, now });
  const { privateKey, request } = await requestAuthority();
  const { pem } = await certifyServerAuthority(
    { commonName: 'viw web services', organization, now, excluded },
    await readRequest(request),
    await openAuthority(root.pem, root.privateKey),
  );
  web = await openAuthority(pem, privateKey);
  await writeFile(file('root.pem'), root.pem);
  await writeFile(file('web.pem'), pem);
});
afterAll(() => rm(dir, { recursive: true }));

const spkiOf = (kind: 'ec' | 'rsa'): Buffer => {
  const { publicKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-384' })
      : generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return publicKey.export({ type: 'spki', format: 'der' });
};
async function verdict(
  pem: string,
  purpose: string,
  between = '',
  as: readonly string[] = [],
): Promise<string> {
  await writeFile(file('leaf.pem'), pem);
  await writeFile(file('between.pem'), between + (await readFile(file('web.pem'), 'utf8')));
  const { output } = await openssl(
    ...['verify', '-x509_strict', '-purpose', purpose, '-CAfile', file('root.pem')],
    ...['-untrusted', file('between.pem'), ...as, file('leaf.pem')],
  );
  return output;
}

const long = `${'a'.repeat(60)}.example.org`;
it.each([
  ['an EC key', 'ec', ['www.example.org', '*.example.org', '192.0.2.1', '2001:db8::1'], 'Digital Signature'],
  ['an RSA key', 'rsa', ['www.example.org'], 'Digital Signature, Key Encipherment'],
  ['names that no common name holds', 'ec', [long], 'Digital Signature'],
] as const)('a server with %s', async (_, kind, names, usage) => {
  const { pem } = await issueService(
    { profile: 'server', ...serverNames(names), organization, days: 90, now },
    { publicKey: spkiOf(kind) },
    web,
  );
  expect(await verdict(pem, 'sslserver')).toMatch(/: OK$/m);
  expect(await verdict(pem, 'sslclient')).not.toMatch(/: OK$/m);
  const { output } = await openssl('x509', '-in', file('leaf.pem'), '-noout', '-text');
  expect(/Key Usage: critical\n\s+(.*)/.exec(output)?.[1]).toBe(usage);
  const certificate = new X509Certificate(pem);
  for (const name of names)
    if (name.includes(':') || /^[\d.]+$/.test(name)) expect(certificate.checkIP(name)).toBe(name);
    else expect(certificate.checkHost(name.replace('*', 'any'))).toBeDefined();
  expect(certificate.subject).not.toContain(long);
});

it('openssl takes a server for each of its names, and for no other', async () => {
  const { pem } = await issueService(
    {
      profile: 'server',
      ...serverNames(['www.example.org', '192.0.2.7', '2001:db8::7']),
      organization,
      days: 30,
      now,
    },
    { publicKey: spkiOf('ec') },
    web,
  );
  const verified = (...as: string[]) => verdict(pem, 'sslserver', '', as);
  expect(await verified('-verify_hostname', 'www.example.org')).toMatch(/: OK$/m);
  for (const address of ['192.0.2.7', '2001:db8::7'])
    expect(await verified('-verify_ip', address)).toMatch(/: OK$/m);
  expect(await verified('-verify_hostname', 'other.example.org')).toContain('hostname mismatch');
  expect(await verdict(pem, 'sslclient')).toContain('unsuitable certificate purpose');
  const { output } = await openssl('x509', '-in', file('leaf.pem'), '-noout', '-text');
  expect(output).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
  expect(output).toContain('Subject: O = Viworks, CN = www.example.org');
});

it('a subject without a common name is accepted, too: the names are the alternative ones', async () => {
  const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.example.org`;
  const { pem } = await issueService(
    { profile: 'server', ...serverNames([name]), organization, days: 30, now },
    { publicKey: spkiOf('ec') },
    web,
  );
  expect(await verdict(pem, 'sslserver', '', ['-verify_hostname', name])).toMatch(/: OK$/m);
  const { output } = await openssl('x509', '-in', file('leaf.pem'), '-noout', '-subject');
  expect(output).toBe('subject=O = Viworks\n');
});

it.each([...excluded, 'api.viw.example.org', '*.viw.example.org'])('nobody takes it for %s', async (name) => {
  const { pem } = await issueService(
    { profile: 'server', ...serverNames(['www.example.org', name]), organization, days: 90, now },
    { publicKey: spkiOf('ec') },
    web,
  );
  expect(await verdict(pem, 'sslserver')).toMatch(/excluded subtree violation/);
});

it('who holds the authority for servers can make nobody a client, and no further authority', async () => {
  const uri = 'urn:viw:gateway:gw-1';
  const client = await issueClient(
    { commonName: 'gw-1', organization, uri, days: 30, now },
    { publicKey: spkiOf('ec') },
    web,
  );
  expect(await verdict(client.pem, 'sslclient')).not.toMatch(/: OK$/m);
  const { request, privateKey } = await requestAuthority();
  const about = { commonName: 'below', organization, now };
  const below = await certifyServerAuthority(about, await readRequest(request), web);
  const server = {
    profile: 'server' as const,
    ...serverNames(['www.example.org']),
    organization,
    days: 1,
    now,
  };
  const authority = await openAuthority(below.pem, privateKey);
  const { pem } = await issueService(server, { publicKey: spkiOf('ec') }, authority);
  expect(await verdict(pem, 'sslserver', below.pem)).toMatch(/path length/i);
});

it('the next list: when something is revoked, when a day has passed, and with a higher number each time', async () => {
  const none = { number: 0, digest: null, thisUpdate: null };
  const first = await nextRevocationList(none, [], web, now);
  const published = { number: first!.number, digest: first!.digest, thisUpdate: first!.thisUpdate };
  expect(await nextRevocationList(published, [], web, now + 60_000)).toBeUndefined();
  const day = await nextRevocationList(published, [], web, now + 86_400_000);
  expect(day!.number).toBeGreaterThan(first!.number);
  const one = {
    serial: randomBytes(16).toString('hex'),
    at: new Date(now),
    reason: 'affiliationChanged',
  } as const;
  // Of a restored database, or a clock that was turned back.
  const ahead = { ...published, number: published.number + 1_000_000 };
  const revoked = await nextRevocationList(ahead, [one], web, now);
  expect(revoked).toMatchObject({ after: ahead.number, number: ahead.number + 1 });
});
