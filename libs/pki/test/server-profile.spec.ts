import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueService, makeIntermediate, makeRoot, openAuthority, serverNames } from '../src';
import type { Authority } from '../src';
import { openssl } from './openssl';

const now = Date.now();
const organization = 'Viworks';
const names = ['viw.example.org', '192.0.2.7', '2001:db8::7'];
let dir: string;
let authority: Authority;
const file = (name: string): string => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-pki-server-'));
  const top = await makeRoot({ commonName: 'viw root', organization, now });
  const root = await openAuthority(top.pem, top.privateKey);
  const below = await makeIntermediate({ commonName: 'viw web services', organization, now }, root);
  authority = await openAuthority(below.pem, below.privateKey);
  await writeFile(file('root.pem'), top.pem);
  await writeFile(file('intermediate.pem'), below.pem);
});
afterAll(() => rm(dir, { recursive: true }));

async function issued(of: readonly string[]): Promise<string> {
  const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    type: 'spki',
    format: 'der',
  });
  const { pem } = await issueService(
    { profile: 'server', ...serverNames(of), organization, days: 30, now },
    { publicKey },
    authority,
  );
  await writeFile(file('leaf.pem'), pem);
  return file('leaf.pem');
}
const verify = (leaf: string, ...more: string[]) =>
  openssl(
    ...['verify', '-x509_strict', '-CAfile', file('root.pem'), '-untrusted', file('intermediate.pem')],
    ...[...more, leaf],
  );

it('openssl accepts it strictly as that of a server, by each of its names, and as nothing else', async () => {
  const leaf = await issued(names);
  const server = ['-purpose', 'sslserver'];
  expect((await verify(leaf, ...server, '-verify_hostname', 'viw.example.org')).code).toBe(0);
  for (const address of ['192.0.2.7', '2001:db8::7'])
    expect((await verify(leaf, ...server, '-verify_ip', address)).code).toBe(0);
  expect((await verify(leaf, ...server, '-verify_hostname', 'other.example.org')).output).toContain(
    'hostname mismatch',
  );
  expect((await verify(leaf, '-purpose', 'sslclient')).output).toContain('unsuitable certificate purpose');
  const text = (await openssl('x509', '-in', leaf, '-noout', '-text')).output;
  expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
  expect(text).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
  expect(text).toContain('Subject: O = Viworks, CN = viw.example.org');
});

it('a subject without a common name is accepted, too: the names are the alternative ones', async () => {
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.example.org`;
  const leaf = await issued([long]);
  expect((await verify(leaf, '-verify_hostname', long)).code).toBe(0);
  expect((await openssl('x509', '-in', leaf, '-noout', '-subject')).output).toBe('subject=O = Viworks\n');
});
