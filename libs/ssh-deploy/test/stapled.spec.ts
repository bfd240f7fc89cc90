import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { runTool } from '@viw/testing';
import { servedCertificate } from '@viw/ssh-deploy';
import { stapledResponse } from '../src/stapled-response';

const name = 'stapled.viw.example';
let folder: string;
const at = (file: string): string => join(folder, file);
const openssl = (...argv: string[]) => runTool('openssl', argv);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viw-stapled-'));
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...ec, '-subj', '/CN=issuer', '-out', at('ca'), '-keyout', at('ca.key'));
  const issued = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
  for (const leaf of ['leaf', 'other'])
    await openssl(
      ...['req', '-x509', ...ec, ...issued, '-CA', at('ca'), '-CAkey', at('ca.key')],
      ...['-out', at(leaf), '-keyout', at(`${leaf}.key`)],
    );
});
afterAll(() => rm(folder, { recursive: true }));

const leafOf = async (file = 'leaf') => new X509Certificate(await readFile(at(file)));

/** As the CA's responder would answer. */
async function response(entry: 'V' | 'R' | 'nobody', leaf = 'leaf'): Promise<Buffer> {
  const { serialNumber } = await leafOf(leaf);
  const revoked = entry === 'R' ? '200101000000Z' : '';
  const line = `${entry}\t491231235959Z\t${revoked}\t${serialNumber}\tunknown\t/CN=${name}\n`;
  await writeFile(at('index'), entry === 'nobody' ? '' : line);
  await openssl('ocsp', '-issuer', at('ca'), '-cert', at(leaf), '-reqout', at('request'));
  await openssl(
    ...['ocsp', '-index', at('index'), '-CA', at('ca'), '-rsigner', at('ca'), '-rkey', at('ca.key')],
    ...['-reqin', at('request'), '-respout', at('response'), '-ndays', '1'],
  );
  return readFile(at('response'));
}

it('reads what is stapled, of whatever kind, and is misled by nothing', async () => {
  const leaf = await leafOf();
  const good = await response('V');
  expect(stapledResponse(good, leaf)).toEqual({
    status: 'good',
    this_update: expect.stringMatching(/^20.*Z$/) as string,
    next_update: expect.stringMatching(/^20.*Z$/) as string,
  });
  expect(stapledResponse(await response('R'), leaf).status).toBe('revoked');
  expect(stapledResponse(await response('nobody'), leaf).status).toBe('unknown');
  const unusable = { status: 'unusable', this_update: null, next_update: null };
  const tryLater = Buffer.from('30030a0103', 'hex');
  for (const bytes of [
    ...[Buffer.alloc(0), Buffer.from('no DER'), tryLater, Buffer.alloc(100_000, 0x30)],
    ...[good.subarray(0, good.length / 2), await response('V', 'other')],
  ])
    expect(stapledResponse(bytes, leaf)).toEqual(unusable);
});

it('a look at a listener tells of it, and of none where there is none', async () => {
  const der = await response('V');
  const server = createServer({ cert: await readFile(at('leaf')), key: await readFile(at('leaf.key')) });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const listener = { host: '127.0.0.1', port, servername: name, via: 'direct' as const };
  const look = async () => (await servedCertificate(undefined as never, listener)).facts?.stapled;
  try {
    expect(await look()).toBeNull();
    server.on('OCSPRequest', (_cert: Buffer, _issuer: Buffer, done: (e: null, der: Buffer) => void) =>
      done(null, der),
    );
    expect(await look()).toMatchObject({ status: 'good' });
  } finally {
    server.close();
  }
});
