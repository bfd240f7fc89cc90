import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import {
  issueService,
  makeIntermediate,
  makeNextRoot,
  makeRevocationList,
  makeRoot,
  openAuthority,
  serverNames,
} from '../src';
import type { Authority, NewAuthority, Revocation } from '../src';
import { openssl } from './openssl';

const now = Date.now();
const organization = 'Viworks';
const name = 'orders.example.org';

interface Side {
  readonly root: Authority;
  readonly pem: string;
  readonly below: Authority;
  readonly key: string;
  readonly leaf: string;
  readonly serial: string;
  /** What a server sends after its own. */
  readonly chain: string;
}
let dir: string;
let former: Side;
let next: Side;
const file = (which: string): string => join(dir, which);

async function side(top: NewAuthority, cross = ''): Promise<Side> {
  const root = await openAuthority(top.pem, top.privateKey);
  const between = await makeIntermediate({ commonName: 'viw services', organization, now }, root);
  const below = await openAuthority(between.pem, between.privateKey);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { pem: leaf, serial } = await issueService(
    { profile: 'dual', ...serverNames([name]), organization, days: 30, now },
    { publicKey: publicKey.export({ type: 'spki', format: 'der' }) },
    below,
  );
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { root, pem: top.pem, below, key, leaf, serial, chain: between.pem + cross };
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-next-root-'));
  const top = await makeRoot({ commonName: 'viw root 1234', organization, now });
  former = await side(top);
  const made = await makeNextRoot(former.root, now);
  next = await side(made.root, made.cross.pem);
});
afterAll(() => rm(dir, { recursive: true }));

const whoTrusts = { former: () => former.pem, next: () => next.pem, both: () => former.pem + next.pem };
const issuedBy = { former: () => former, next: () => next };
const rows = [
  ['former', 'former', true],
  ['former', 'next', true],
  ['next', 'next', true],
  // Whoever turns to the next one is told to trust both until the former has ended.
  ['next', 'former', false],
  ['both', 'former', true],
  ['both', 'next', true],
] as const;

it.each(rows)('by TLS, who trusts the %s root meets a server of the %s one: %s', async (trust, by, taken) => {
  const { key, leaf, chain } = issuedBy[by]();
  const server = createServer({ key, cert: leaf + chain });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const outcome = await new Promise<string>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername: name, ca: whoTrusts[trust]() }, () => {
      resolve('taken');
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  await new Promise((resolve) => server.close(resolve));
  expect(outcome).toMatch(taken ? /^taken$/ : /^UNABLE_TO_GET_ISSUER_CERT/);
});

/** Of both roots, which have one name, and of what is below them. */
async function lists(revoked: readonly Revocation[]): Promise<string> {
  const times = { number: 1, thisUpdate: new Date(now - 1_000), nextUpdate: new Date(now + 86_400_000) };
  const texts: string[] = [];
  for (const authority of [former.root, next.root, former.below, next.below]) {
    const of = authority === next.below ? revoked : [];
    await writeFile(file('list.crl'), await makeRevocationList({ ...times, revoked: of }, authority));
    texts.push((await openssl('crl', '-inform', 'DER', '-in', file('list.crl'))).output);
  }
  return texts.join('');
}

async function verdict(trust: keyof typeof whoTrusts, by: keyof typeof issuedBy): Promise<string> {
  const { leaf, chain } = issuedBy[by]();
  await Promise.all([
    writeFile(file('trust.pem'), whoTrusts[trust]()),
    writeFile(file('chain.pem'), chain),
    writeFile(file('leaf.pem'), leaf),
  ]);
  const { output } = await openssl(
    // As an NGINX with `ssl_verify_depth 2` counts: authorities between a certificate and what is trusted.
    ...['verify', '-x509_strict', '-crl_check_all', '-verify_depth', '2', '-purpose', 'sslserver'],
    ...['-CAfile', file('trust.pem'), '-untrusted', file('chain.pem'), '-CRLfile', file('lists.pem')],
    file('leaf.pem'),
  );
  return output;
}

it('openssl agrees, strictly and with the revocation lists of two roots of one name; a revoked one is nobody’s', async () => {
  await writeFile(file('lists.pem'), await lists([]));
  for (const [trust, by, taken] of rows)
    expect([trust, by, / OK/.test(await verdict(trust, by))]).toEqual([trust, by, taken]);
  const revoked = { serial: next.serial, at: new Date(now), reason: 'keyCompromise' } as const;
  await writeFile(file('lists.pem'), await lists([revoked]));
  for (const trust of ['former', 'next', 'both'] as const)
    expect(await verdict(trust, 'next')).toContain('certificate revoked');
});

it('the next root signs by a key of its own, and outlives the former, unlike what the former says of it', async () => {
  const { cross, root } = await makeNextRoot(former.root, now + 86_400_000);
  expect(root.notAfter.getTime()).toBeGreaterThan(former.root.certificate.notAfter.getTime());
  expect(cross.notAfter).toEqual(former.root.certificate.notAfter);
  expect(root.privateKey).not.toContain(next.key);
  await expect(openAuthority(former.pem, root.privateKey)).rejects.toThrow('is not that of its certificate');
});
