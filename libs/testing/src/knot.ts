import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './child';
import { freePort } from './ports';
import { requireProgram } from './programs';
import { scratch } from './scratch';
import { type Server, launchServer } from './server';

export interface KnotZone {
  /** In zone-file syntax, beside SOA and NS. */
  records?: string;
  /** Name servers of the zone: label → address. `{ ns1: <address> }` by default. */
  servers?: Readonly<Record<string, string>>;
}

export interface KnotOptions {
  zones: Readonly<Record<string, KnotZone>>;
  /** 127.0.0.1 by default. */
  address?: string;
  port?: number;
  /** Base64 of the key that may update every zone; new by default. */
  secret?: string;
}

export interface Knot extends Server {
  readonly address: string;
  readonly port: number;
  /** `hmac-sha256:viw-test:<base64>` */
  readonly tsigKey: string;
  /** TXT values that it shows now. Rejects when it does not answer. */
  txt(name: string): Promise<string[]>;
}

/** Knot DNS, an authoritative name server that takes dynamic updates signed by a key. @throws StartError */
export async function startKnot(options: KnotOptions): Promise<Knot> {
  const binary = requireProgram('knotd');
  const address = options.address ?? '127.0.0.1';
  const port = options.port ?? (await freePort());
  const secret = options.secret ?? randomBytes(32).toString('base64');
  const folder = await scratch('knot');
  const zones = Object.entries(options.zones);
  await mkdir(join(folder.path, 'db'));
  for (const [zone, { records = '', servers = { ns1: address } }] of zones) {
    const lines = [
      `$ORIGIN ${zone}.`,
      '$TTL 5',
      '@ SOA ns1 hostmaster 1 3600 600 86400 1',
      ...Object.entries(servers).flatMap(([name, at]) => [`@ NS ${name}`, `${name} A ${at}`]),
      records,
    ];
    await writeFile(join(folder.path, `${zone}.zone`), `${lines.join('\n')}\n`);
  }
  const confFile = join(folder.path, 'knot.conf');
  await writeFile(
    confFile,
    configuration({ folder: folder.path, address, port, secret, zones: Object.keys(options.zones) }),
    { mode: 0o600 },
  );

  const resolver = (patience = { timeout: 500, tries: 2 }): Resolver => {
    const one = new Resolver(patience);
    one.setServers([`${address}:${port}`]);
    return one;
  };
  const server = await launchServer(
    () =>
      startProgram({
        name: 'knotd',
        argv: [binary, '-c', confFile],
        cwd: folder.path,
        readyWhen: async () => {
          for (const [zone] of zones) await resolver().resolveSoa(zone);
        },
      }),
    folder.remove,
  );
  return Object.assign(server, {
    address,
    port,
    tsigKey: `hmac-sha256:viw-test:${secret}`,
    txt: async (name: string) =>
      resolver({ timeout: 5_000, tries: 4 })
        .resolveTxt(name)
        .then((records) => records.map((parts) => parts.join('')))
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENODATA' || error.code === 'ENOTFOUND') return [];
          throw error;
        }),
  });
}

function configuration({
  folder,
  address,
  port,
  secret,
  zones,
}: {
  folder: string;
  address: string;
  port: number;
  secret: string;
  zones: string[];
}): string {
  return [
    'server:',
    `    rundir: "${folder}"`,
    `    listen: ${address}@${port}`,
    '    udp-workers: 1',
    '    tcp-workers: 1',
    '    background-workers: 1',
    'log:',
    '  - target: stderr',
    '    any: info',
    'database:',
    `    storage: "${folder}/db"`,
    'key:',
    '  - id: viw-test',
    '    algorithm: hmac-sha256',
    `    secret: ${secret}`,
    'acl:',
    '  - id: update',
    '    key: viw-test',
    '    action: update',
    'zone:',
    ...zones.flatMap((zone) => [
      `  - domain: ${zone}`,
      `    storage: "${folder}"`,
      `    file: "${zone}.zone"`,
      '    zonefile-sync: -1',
      '    acl: update',
    ]),
    '',
  ].join('\n');
}
