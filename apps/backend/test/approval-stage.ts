import { randomBytes, randomUUID } from 'node:crypto';
import { createClient, type Client } from '@viw/client';
import type { ApprovalStatus, Role, Scope, VerbPolicyPut } from '@viw/contracts';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

/** Somebody with an account, signed in. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly client: Client;
  /** Signed in at another backend of the same installation. */
  at(backend: TestBackend): Promise<Client>;
}

/** A backend with people, machines and gateways. */
export class ApprovalStage {
  /** The first administrator. */
  admin!: Client;

  private constructor(
    readonly around: Surroundings,
    readonly backend: TestBackend,
  ) {}

  static async open(): Promise<ApprovalStage> {
    const around = await surroundings();
    const stage = new ApprovalStage(around, await startBackend(around));
    stage.admin = await stage.backend.signIn();
    return stage;
  }

  async close(): Promise<void> {
    await this.backend.stop();
    await this.around.close();
  }

  async person(role: Role, scope?: Scope): Promise<Person> {
    const email = `${role}-${randomBytes(6).toString('hex')}@example.org`;
    const password = randomUUID();
    const { id } = await this.admin.administrators.create({ email, password, role, scope });
    const at = async ({ url }: TestBackend): Promise<Client> => {
      const client = createClient({ baseUrl: url, auth: { kind: 'session' } });
      await client.session.signIn({ email, password });
      return client;
    };
    return { id, email, at, client: await at(this.backend) };
  }

  /** An API client that somebody has made. */
  async machineOf(maker: Client, role: Role): Promise<{ id: string; client: Client }> {
    const { id } = await maker.apiClients.create({ name: randomUUID(), role });
    const { key } = await maker.apiClients.createKey(id);
    return {
      id,
      client: createClient({ baseUrl: this.backend.url, auth: { kind: 'apiKey', key } }),
    };
  }

  async gateway(labels: Record<string, string> = {}, { sealed = true } = {}): Promise<string> {
    const id = uniqueAgent();
    const keys = sealed ? { public_keys: { sealing: this.around.sealing.publicKey } } : {};
    await this.admin.gateways.register({ agent_id: id, labels, ...keys });
    return id;
  }

  /** Sets a policy straight in the table of policies, whatever there was. */
  async policy(verb: string, policy: VerbPolicyPut | undefined): Promise<void> {
    await sql`DELETE FROM viw.verb_policies WHERE verb = ${verb}`.execute(this.around.owner);
    await sql`DELETE FROM viw.approval_requests WHERE kind = 'verb_policy' AND verb = ${verb}`.execute(
      this.around.owner,
    );
    if (policy) await this.admin.verbPolicies.set(verb, policy);
  }

  /** What the tables say of a command and its request. */
  async traces(
    id: string,
  ): Promise<{ status: ApprovalStatus | undefined; commands: number; outbox: number }> {
    const { rows } = await sql<{ status: ApprovalStatus | null; commands: number; outbox: number }>`
      SELECT (SELECT status FROM viw.approval_requests WHERE id = ${id}) AS status,
        (SELECT count(*) FROM viw.agent_commands WHERE correlation_id = ${id}) AS commands,
        (SELECT count(*) FROM viw.outbox WHERE correlation_id = ${id} AND body ->> 'kind' = 'run') AS outbox`.execute(
      this.around.owner,
    );
    const { status, commands = 0, outbox = 0 } = rows[0] ?? {};
    return { status: status ?? undefined, commands, outbox };
  }

  /** Actions that the audit log tells of a thing, oldest first. */
  async audited(
    objectId: string,
  ): Promise<{ action: string; actor: string; object: string; detail: Record<string, unknown> }[]> {
    const { rows } = await sql<{
      action: string;
      actor: string;
      object: string;
      detail: Record<string, unknown>;
    }>`
      SELECT action, actor_name AS actor, object_kind AS object, detail FROM viw.audit_log WHERE object_id = ${objectId} ORDER BY id`.execute(
      this.around.owner,
    );
    return rows;
  }
}

export const code = (expected: string, status?: number): object =>
  expect.objectContaining({ code: expected, ...(status === undefined ? {} : { status }) }) as object;
