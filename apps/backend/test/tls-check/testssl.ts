import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** Debian's name for it. */
const PROGRAM = 'testssl';
/** Of one run, milliseconds. */
export const LIMIT_MS = 420_000;
/** What is left is LOW and above, and what it could not look at. */
const HARMLESS = ['OK', 'INFO'];

export interface LookAt {
  /** host:port, on loopback. */
  readonly address: string;
  /** For its findings. */
  readonly dir: string;
  /** Instead of everything: protocols and kinds of ciphers only, a few seconds. */
  readonly quick?: boolean;
  /** PEM file of a root to trust beside the usual ones. */
  readonly rootFile?: string;
}

/** It has connected and then not waited for what it wanted to see, which a busy machine makes likely: asked again so often. */
const LOOKS = 3;

/** What testssl.sh finds at an address. @throws Error when it does not come to an end */
export async function findingsAt(look: LookAt): Promise<readonly Finding[]> {
  for (let count = 1; ; count++) {
    const findings = await lookOnce(look);
    if (count === LOOKS || findings.every(({ severity }) => severity !== 'WARN')) return findings;
    await rm(fileOf(look));
  }
}

const fileOf = ({ dir, address }: LookAt): string => join(dir, `${address.replace(/\W/g, '-')}.json`);

async function lookOnce(look: LookAt): Promise<readonly Finding[]> {
  const { address, quick, rootFile } = look;
  const file = fileOf(look);
  const argv = [
    ...['--quiet', '--color', '0', '--nodns', 'none', '--ip', '127.0.0.1'],
    ...(quick ? ['--protocols', '--std', '--server-defaults'] : []),
    ...(rootFile === undefined ? [] : ['--add-ca', rootFile]),
    ...['--jsonfile', file, address],
  ];
  await new Promise<void>((resolve, reject) => {
    // Its exit code tells how much it has found.
    execFile(PROGRAM, argv, { timeout: LIMIT_MS, maxBuffer: 1 << 24 }, (error) => {
      if (error !== null && (error.killed || typeof error.code === 'string'))
        reject(new Error('testssl.sh did not come to its end', { cause: error }));
      else resolve();
    });
  });
  return JSON.parse(await readFile(file, 'utf8')) as Finding[];
}

/** What makes a listener red. @param ofTheCertificate ids of what is true of a test's certificate and not the listener's to decide */
export const faultsIn = (
  findings: readonly Finding[],
  ofTheCertificate: readonly string[] = [],
): readonly Finding[] =>
  findings.filter(({ id, severity }) => !HARMLESS.includes(severity) && !ofTheCertificate.includes(id));
