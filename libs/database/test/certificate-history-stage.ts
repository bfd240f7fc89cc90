import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { CertificateRetentionRepository } from '../src/index';
import { renewalStage } from './renewal-stage';

/** Certificates with a past: written by the services' accounts, then made older by the owner. */
export function certificateHistoryStage() {
  const stage = renewalStage();
  const run = (statement: ReturnType<typeof sql>) => statement.execute(stage.owner());
  const days = (n: number) => sql`now() - make_interval(days => ${n})`;

  /** Issued or renewed so many days ago, for a certificate that ended or ends `daysLeft` from now. */
  async function version(certificateId: string, madeDaysAgo: number, daysLeft: number) {
    const operation = await stage.claimed(certificateId, 'renew');
    const id = await stage.version(operation);
    await stage.work.finish(operation.operation_id, operation.fencing, 'succeeded');
    await run(sql`UPDATE viw.certificate_versions SET created_at = ${days(madeDaysAgo)}, not_before = ${days(madeDaysAgo)},
      not_after = ${days(-daysLeft)} WHERE id = ${id}`);
    await ended(operation.operation_id, madeDaysAgo);
    return { id, operation: operation.operation_id, fencing: operation.fencing };
  }
  const ended = (operation: string, daysAgo: number) =>
    run(sql`UPDATE viw.certificate_operations SET finished_at = ${days(daysAgo)} WHERE id = ${operation}`);

  /** That has made no version. */
  async function operation(certificateId: string, daysAgo: number): Promise<string> {
    const { operation_id, fencing } = await stage.claimed(certificateId, 'deploy');
    await stage.work.finish(operation_id, fencing, 'succeeded');
    await ended(operation_id, daysAgo);
    return operation_id;
  }

  const retired = (certificateId: string, daysAgo: number) =>
    run(sql`UPDATE viw.certificates SET deleted_at = ${days(daysAgo)} WHERE id = ${certificateId}`);

  /** A virtual host that is to serve the certificate, or none of viw's. */
  async function virtualHost(certificateId: string | null): Promise<string> {
    const id = uuidv7();
    await run(
      sql`INSERT INTO viw.ssh_credentials (id, name, username, sealed) VALUES (${id}, ${id}, 'deploy', '{}')`,
    );
    await run(sql`INSERT INTO viw.nginx_servers (id, name, host, ssh_port, ssh_credential_id, test_command, reload_command)
      VALUES (${id}, ${id}, '127.0.0.1', 22, ${id}, '[]', '[]')`);
    await run(sql`INSERT INTO viw.virtual_hosts (id, server_id, server_names, cert_dir, listeners, certificate_id)
      VALUES (${id}, ${id}, '{}', '/etc/viw/www', '[]', ${certificateId})`);
    return id;
  }

  const storedBefore = (deployments: readonly string[], daysAgo: number) =>
    run(
      sql`UPDATE viw.deployments SET stored_at = ${days(daysAgo)} WHERE id = ANY (${[...deployments]}::uuid[])`,
    );

  /** Takes the place of the one before. */
  async function deployed(host: string, certificateId: string, versionId: string, daysAgo: number) {
    const id = uuidv7();
    const replaced = await sql<{ id: string }>`UPDATE viw.deployments SET is_current = false
      WHERE virtual_host_id = ${host} AND is_current RETURNING id`.execute(stage.owner());
    await storedBefore(
      replaced.rows.map((row) => row.id),
      daysAgo,
    );
    await run(sql`INSERT INTO viw.deployments (id, virtual_host_id, certificate_id, version_id, proved_at, stored_at)
      VALUES (${id}, ${host}, ${certificateId}, ${versionId}, ${days(daysAgo)}, ${days(daysAgo)})`);
    return id;
  }

  const existing = async (table: string, ids: readonly string[]): Promise<string[]> => {
    const { rows } = await sql<{ id: string }>`SELECT id FROM viw.${sql.id(table)}
      WHERE id = ANY (${[...ids]}::uuid[]) ORDER BY id`.execute(stage.owner());
    return rows.map(({ id }) => id);
  };
  const withKey = async (ids: readonly string[]): Promise<string[]> => {
    const { rows } = await sql<{ id: string }>`SELECT id FROM viw.certificate_versions
      WHERE id = ANY (${[...ids]}::uuid[]) AND private_key_sealed IS NOT NULL ORDER BY id`.execute(
      stage.owner(),
    );
    return rows.map(({ id }) => id);
  };

  return {
    ...stage,
    /** Of an operation under way. */
    stored: stage.version,
    retention: () => new CertificateRetentionRepository(stage.worker.deps),
    ...{ run, version, ended, operation, retired, virtualHost, deployed, existing, withKey },
  };
}
