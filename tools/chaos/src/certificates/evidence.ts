import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Operation } from '@viw/contracts';
import { deadLetterStream, groups, streams } from '@viw/contracts';
import { runTool } from '@viw/testing';
import { sql } from 'kysely';
import type { CertificateEvidence } from '../ledger/certificate-books';
import { refusedByRedis, unfinished } from '../world/stream-state';
import { hex } from './prober';
import type { Asked } from './requests';
import type { CertWorld } from './world';

type Db = CertWorld['db'];

/** Remembers the first end of each operation that has one by now. */
export async function watchEnds(db: Db, firstEnds: Map<string, Operation['status']>): Promise<void> {
  const { rows } = await sql<{ id: string; status: Operation['status'] }>`
    SELECT id, status FROM viw.certificate_operations WHERE status NOT IN ('accepted', 'running')`.execute(
    db,
  );
  for (const { id, status } of rows) if (!firstEnds.has(id)) firstEnds.set(id, status);
}

/** Those of these that have not ended yet. */
export async function openOnes(db: Db, asked: readonly Asked[]): Promise<Asked[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM viw.certificate_operations WHERE status IN ('accepted', 'running')`.execute(db);
  const open = new Set(rows.map(({ id }) => id));
  return asked.filter(({ operationId }) => open.has(operationId));
}

export async function readEvidence(
  world: CertWorld,
  asked: readonly Asked[],
  found: Pick<CertificateEvidence, 'firstEnds' | 'brokenServers'>,
): Promise<CertificateEvidence> {
  const { db, witness, servers, prober } = world;
  const operations = await sql<CertificateEvidence['operations'][number]>`
    SELECT id, certificate_id AS "certificateId", status, error_msg AS error
    FROM viw.certificate_operations`.execute(db);
  const versions = await sql<CertificateEvidence['versions'][number]>`
    SELECT certificate_id AS "certificateId", serial, fingerprint_sha256 AS fingerprint
    FROM viw.certificate_versions`.execute(db);
  const record = await witness.record();
  const served = new Map<string, string | undefined>();
  const onDisk = new Map<string, string | undefined>();
  for (const { site } of asked) {
    const host = servers.hosts.get(site);
    if (!host) continue;
    served.set(site, await prober.probe({ site, port: host.nginx.httpsPort }));
    onDisk.set(site, await leafIn(join(host.certDir, 'current', 'fullchain.pem')));
  }
  return {
    ...found,
    operations: operations.rows,
    versions: versions.rows,
    ca: {
      orders: record.orders.map((id) => ({
        id,
        site: witness.orders.get(id),
        begun: witness.begun.has(id),
      })),
      issued: record.issued,
    },
    served,
    onDisk,
    seen: prober.seen,
    leftOvers: await readLeftOvers(world, asked),
  };
}

async function leafIn(file: string): Promise<string | undefined> {
  const pem = await readFile(file).catch(() => undefined);
  return pem && hex(new X509Certificate(pem).fingerprint256);
}

/** Wherever an answer to a challenge may lie: the zone, the table that workers share, their memory. */
async function readLeftOvers(
  { db, knot, witness, edge }: CertWorld,
  asked: readonly Asked[],
): Promise<string[]> {
  const found: string[] = [];
  for (const table of ['challenge_answers', 'certificate_order_keys']) {
    const { rows } = await sql<{
      n: number;
    }>`SELECT count(*)::int AS n FROM ${sql.table(`viw.${table}`)}`.execute(db);
    if ((rows[0]?.n ?? 0) > 0) found.push(`${rows[0]?.n} rows in ${table}`);
  }
  for (const { site } of asked) {
    for (const value of await knot.txt(`_acme-challenge.${site}`)) found.push(`TXT ${value} for ${site}`);
    for (const token of witness.tokens.get(site) ?? [])
      for (const _body of await edge.answers(`/.well-known/acme-challenge/${token}`))
        found.push(`a worker answers ${token} for ${site}`);
  }
  return found;
}

/** What has not come to rest. All of it must become 0. */
export interface Unrest {
  /** Operations without an end. */
  readonly open: number;
  /** Handed out and not acknowledged. */
  readonly pending: number;
  /** Streams that the group has not read to the end. */
  readonly unread: number;
  readonly dead_letters: number;
  readonly refused_by_redis: readonly string[];
}

export async function readUnrest({ db, auditor }: CertWorld, asked: readonly Asked[]): Promise<Unrest> {
  const { pending, unread } = await unfinished(auditor, [streams.certRequests], () => groups.certWorker);
  return {
    open: (await openOnes(db, asked)).length,
    pending,
    unread,
    dead_letters: await auditor.xlen(deadLetterStream(streams.certRequests)),
    refused_by_redis: await refusedByRedis(auditor),
  };
}

/** Would what lies on the servers now start? @returns those that would not, in words */
export async function testServers({ servers }: CertWorld, when: string): Promise<string[]> {
  const tests = servers.nginxes.map(({ testCommand: [, ...args], httpsPort }) =>
    runTool('nginx', args).then(
      () => [],
      (error: Error) => [`NGINX at ${httpsPort} would not start ${when}: ${error.message.slice(0, 300)}`],
    ),
  );
  return (await Promise.all(tests)).flat();
}
