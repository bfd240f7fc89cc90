import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSign } from '@viw/testing';
import type { Surroundings } from '../surroundings';
import { surroundings } from '../surroundings';
import type { TestBackend } from '../test-backend';
import { startBackend } from '../test-backend';

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** Debian's name for it. */
const PROGRAM = 'testssl';
const LIMIT_MS = 420_000;
/** What is left is LOW and above, and what it could not look at. */
const HARMLESS = ['OK', 'INFO'];

/** True of a certificate that has signed itself for this run, and nothing that the listener decides. */
const OF_THE_CERTIFICATE = ['cert_chain_of_trust', 'cert_revocation'];

let around: Surroundings;
let backend: TestBackend;
let dir: string;

beforeAll(async () => {
  [around, dir] = await Promise.all([surroundings(), mkdtemp(join(tmpdir(), 'viw-tls-check-'))]);
  const [certFile, keyFile] = [join(dir, 'listener.pem'), join(dir, 'listener.key')];
  await selfSign({ names: ['localhost', '127.0.0.1'], days: 90, certFile, keyFile });
  backend = await startBackend(around, {
    environment: {
      BACKEND_TLS_MODE: 'custom',
      BACKEND_TLS_CERT_FILE: certFile,
      BACKEND_TLS_KEY_FILE: keyFile,
      BACKEND_COOKIE_SECURE: 'true',
    },
  });
}, 60_000);
afterAll(async () => {
  await backend?.stop();
  await around?.close();
  await rm(dir, { recursive: true });
});

/** What testssl.sh finds at an address. @throws Error when it does not come to an end */
async function findingsAt(address: string): Promise<readonly Finding[]> {
  const file = join(dir, 'findings.json');
  await new Promise<void>((resolve, reject) => {
    const quietly = ['--quiet', '--color', '0', '--nodns', 'none', '--ip', '127.0.0.1'];
    const argv = [...quietly, '--jsonfile', file, address];
    // Its exit code tells how much it has found.
    execFile(PROGRAM, argv, { timeout: LIMIT_MS, maxBuffer: 1 << 24 }, (error) => {
      if (error !== null && (error.killed || typeof error.code === 'string'))
        reject(new Error('testssl.sh did not come to its end', { cause: error }));
      else resolve();
    });
  });
  return JSON.parse(await readFile(file, 'utf8')) as Finding[];
}

it(
  'testssl.sh finds nothing at the listener',
  async () => {
    const findings = await findingsAt(`localhost:${new URL(backend.url).port}`);
    // Of a run that looked: protocols, ciphers, weaknesses, headers.
    for (const id of ['TLS1_3', 'TLS1_1', 'PFS', 'heartbleed', 'HSTS_time'])
      expect(findings.map((each) => each.id)).toContain(id);
    const faults = findings.filter(
      ({ id, severity }) => !HARMLESS.includes(severity) && !OF_THE_CERTIFICATE.includes(id),
    );
    expect(faults).toEqual([]);
  },
  LIMIT_MS + 10_000,
);
