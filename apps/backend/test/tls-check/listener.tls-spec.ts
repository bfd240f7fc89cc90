import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pebble } from '@viw/testing';
import { eventually, freePort, selfSign, startPebble } from '@viw/testing';
import { sql } from 'kysely';
import type { ListenerStage } from '../listener-stage';
import { NAME, listenerStage, readiness } from '../listener-stage';
import type { Surroundings } from '../surroundings';
import { surroundings } from '../surroundings';
import { LIMIT_MS, faultsIn, findingsAt } from './testssl';

/** True of a certificate that has signed itself for this run, and nothing that the listener decides. */
const SELF_SIGNED = ['cert_chain_of_trust', 'cert_revocation'];
/** Neither Pebble nor viw's authority names in a server's certificate where to ask for revocations. */
const ISSUED = ['cert_revocation'];

let around: Surroundings;
let stage: ListenerStage;
let pebble: Pebble | undefined;
let dir: string;

beforeAll(async () => {
  [around, dir] = await Promise.all([surroundings(), mkdtemp(join(tmpdir(), 'viw-tls-check-'))]);
  stage = listenerStage(around);
}, 60_000);
afterEach(() => stage.stopAll());
afterAll(async () => {
  await around?.close();
  await pebble?.stop();
  await rm(dir, { recursive: true });
});

it(
  'testssl.sh finds nothing at the listener',
  async () => {
    const [certFile, keyFile] = [join(dir, 'listener.pem'), join(dir, 'listener.key')];
    await selfSign({ names: ['localhost', '127.0.0.1'], days: 90, certFile, keyFile });
    const { port } = await stage.start({
      BACKEND_TLS_MODE: 'custom',
      BACKEND_TLS_CERT_FILE: certFile,
      BACKEND_TLS_KEY_FILE: keyFile,
      BACKEND_COOKIE_SECURE: 'true',
    });
    const findings = await findingsAt({ address: `localhost:${port}`, dir });
    // Of a run that looked: protocols, ciphers, weaknesses, headers.
    for (const id of ['TLS1_3', 'TLS1_1', 'PFS', 'heartbleed', 'HSTS_time'])
      expect(findings.map((each) => each.id)).toContain(id);
    expect(faultsIn(findings, SELF_SIGNED)).toEqual([]);
  },
  LIMIT_MS + 10_000,
);

/** Protocols, ciphers, and a certificate that is to be trusted by its root. */
async function faultsOf(environment: Readonly<Record<string, string>>, root: () => Promise<string>) {
  const { port, ops } = await stage.start({ BACKEND_TLS_NAMES: NAME, ...environment });
  await eventually(async () => expect((await readiness(ops)).ok).toBe(true));
  const rootFile = join(dir, 'root.pem');
  await writeFile(rootFile, await root());
  const findings = await findingsAt({ address: `${NAME}:${port}`, dir, quick: true, rootFile });
  for (const id of ['TLS1_3', 'TLS1_1', 'cipherlist_AVERAGE', 'cert_chain_of_trust'])
    expect(findings.map((each) => each.id)).toContain(id);
  return faultsIn(findings, ISSUED);
}

it(
  'nor where the certificate is of viw’s own authority',
  async () => {
    const root = async (): Promise<string> => {
      const { rows } = await sql<{ pem: string }>`
        SELECT pem FROM viw.certificate_authorities WHERE purpose = 'root'`.execute(around.owner);
      return rows[0]?.pem ?? '';
    };
    expect(await faultsOf({ BACKEND_TLS_MODE: 'ca' }, root)).toEqual([]);
  },
  LIMIT_MS,
);

it(
  'nor where a CA’s validations are answered beside',
  async () => {
    const tlsPort = await freePort();
    const ca = (pebble = await startPebble({ tlsPort, strict: true }));
    const environment = {
      BACKEND_BIND: `127.0.0.1:${tlsPort}`,
      BACKEND_TLS_MODE: 'acme',
      BACKEND_TLS_ACME_DIRECTORY_URL: ca.directoryUrl,
      BACKEND_TLS_ACME_CA: ca.caCertPem,
    };
    expect(await faultsOf(environment, () => ca.rootPem())).toEqual([]);
  },
  LIMIT_MS,
);
