import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateRepository, CertificateVersionRepository } from '@viw/database';
import { type Pebble, freePort } from '@viw/testing';
import type { Row } from '../report';
import { median, percentile, ratioOfRounds, rounded } from '../statistics';
import type { World } from '../world';
import { type CommandLineClient, clientNames, commandLineClient, isInstalled } from './command-line-clients';
import type { Operations } from './operations';
import type { PortSwitch } from './port-switch';

export interface IssuanceMeasure {
  readonly rounds: number;
  /** By viw, of each round, one after the other. The others issue one each. */
  readonly each: number;
}

export interface IssuanceDeps {
  readonly world: World;
  readonly pebble: Pebble;
  /** At the CA's validation port. */
  readonly validation: PortSwitch;
  /** Of the cert-worker's responder. */
  readonly workerPort: number;
  readonly operations: Operations;
  readonly say: (line: string) => void;
}

/**
 * One name by HTTP-01 with an EC P-256 key at the same CA, in turns. viw: from the order (row and request) until the worker
 * tells that the certificate is stored. The others: their process from start to end, with an account that they have already.
 */
export async function issuance(
  { rounds, each }: IssuanceMeasure,
  deps: IssuanceDeps,
): Promise<{ rows: Row[]; figures: Record<string, unknown> }> {
  const { validation, say } = deps;
  const port = await freePort();
  validation.target = port;
  const others = await otherClients(port, deps);
  const times = new Map(others.map((other): [CommandLineClient, number[]] => [other, []]));
  const [p50s, p99s]: [number[], number[]] = [[], []];
  validation.target = deps.workerPort;
  // The worker registers its account.
  await issueByViw('warm.bench.example', deps);
  for (let round = 0; round < rounds; round++) {
    validation.target = deps.workerPort;
    const own: number[] = [];
    for (let n = 0; n < each; n++) own.push(await issueByViw(`i${round}-${n}.bench.example`, deps));
    p50s.push(percentile(own, 0.5));
    p99s.push(percentile(own, 0.99));
    validation.target = port;
    for (const [other, taken] of times) {
      const begin = performance.now();
      await other.issue(`${other.name}${round}.bench.example`, port);
      taken.push(performance.now() - begin);
    }
    say(`issuance, round ${round + 1} of ${rounds}`);
  }
  const faster = [...times].map(([{ name }, taken]) => [
    `vs_${name}`,
    rounded(ratioOfRounds(taken, p50s), 1),
  ]);
  return {
    rows: [
      { what: 'issuance by viw, order to stored, p50', rounds: p50s, unit: 'ms' },
      ...[...times].map(([{ name }, taken]) => ({ what: `issuance by ${name}`, rounds: taken, unit: 'ms' })),
    ],
    figures: {
      issue_p50_ms: rounded(median(p50s), 0),
      issue_p99_ms: rounded(median(p99s), 0),
      ...(Object.fromEntries(faster) as Record<string, number>),
      issuance_rounds: rounds,
      clients: others.map(({ version }) => version),
    },
  };
}

async function otherClients(
  port: number,
  { world, pebble, say }: IssuanceDeps,
): Promise<CommandLineClient[]> {
  const clients: CommandLineClient[] = [];
  for (const name of clientNames) {
    if (!isInstalled(name)) {
      say(`${name} is not installed: nothing is compared with it`);
      continue;
    }
    const dir = join(world.dir, name);
    await mkdir(dir);
    clients.push(await commandLineClient(name, { pebble, dir, port }));
  }
  return clients;
}

/** @returns milliseconds @throws Error when the certificate is not there afterwards */
async function issueByViw(name: string, { world: { db }, operations }: IssuanceDeps): Promise<number> {
  const id = await new CertificateRepository({ db }).create({
    names: [name],
    issuer: 'acme',
    challenge: 'http-01',
    key_type: 'ec-p256',
    created_by: 'bench',
  });
  const took = await operations.run('issue', id);
  const { items } = await new CertificateVersionRepository({ db }).list(id);
  if (items.length !== 1 || items[0]?.names.join() !== name)
    throw new Error(`${items.length} versions of ${name} are stored`);
  return took;
}
