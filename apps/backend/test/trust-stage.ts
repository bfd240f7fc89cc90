import type { Client } from '@viw/client';
import { followHostPolicies } from '@viw/commands';
import { gatewayRegistrySnapshot, registrySnapshotKey } from '@viw/contracts';
import type { HostPolicyClaims } from '@viw/contracts';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

/** A backend with what can be seen of it from beside and below: by hosts, in Postgres. */
export class TrustStage {
  private constructor(
    readonly around: Surroundings,
    public backend: TestBackend,
    readonly admin: Client,
  ) {}

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<TrustStage> {
    const around = await surroundings();
    const backend = await startBackend(around, { environment });
    return new TrustStage(around, backend, await backend.signIn());
  }

  async stop(): Promise<void> {
    await this.backend.stop();
    await this.around.close();
  }

  async restart(environment: Readonly<Record<string, string>>): Promise<void> {
    await this.backend.stop();
    this.backend = await startBackend(this.around, { environment });
  }

  async registered(more: object = {}): Promise<string> {
    const id = uniqueAgent();
    await this.admin.gateways.register({ agent_id: id, ...more });
    return id;
  }

  /** What hubs are given for hosts. */
  async policies(): Promise<string[]> {
    const body = await this.around.client.hget(registrySnapshotKey, 'body');
    return gatewayRegistrySnapshot.parse(JSON.parse(body ?? '{}')).host_policies ?? [];
  }

  /** A host that has pinned the configured key and has been away until now. @throws Error when there is nothing newer */
  async asHost(version = 0): Promise<HostPolicyClaims> {
    const keys = [this.around.signing.publicKey];
    const { newest, faults } = await followHostPolicies(await this.policies(), { version, keys });
    expect(faults).toEqual([]);
    if (newest === undefined) throw new Error('nothing newer');
    return newest;
  }

  async jwsOf(correlationId: string): Promise<string> {
    const { rows } = await sql<{ jws: string }>`
      SELECT jws FROM viw.agent_commands WHERE correlation_id = ${correlationId}`.execute(this.around.owner);
    return rows[0]?.jws ?? '';
  }

  /** Details of what was audited under this name. */
  async audited(action: string): Promise<unknown[]> {
    const { rows } = await sql<{ detail: unknown }>`
      SELECT detail FROM viw.audit_log WHERE action = ${action} ORDER BY id`.execute(this.around.owner);
    return rows.map(({ detail }) => detail);
  }

  /** Every text of the database. */
  async everyText(): Promise<string> {
    const { owner } = this.around;
    const { rows: tables } = await sql<{ name: string }>`
      SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'viw'`.execute(
      owner,
    );
    const texts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await sql
        .raw<{ text: string }>(`SELECT t::text AS text FROM ${name} t`)
        .execute(owner);
      texts.push(...rows.map(({ text }) => text));
    }
    return texts.join('\n');
  }
}
