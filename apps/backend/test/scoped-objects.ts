import { randomBytes } from 'node:crypto';
import type { Scope } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { uniqueAgent } from './test-backend';

/** One of each thing that a scope may hold. */
export interface ScopedObjects {
  readonly agent_id: string;
  readonly team: string;
  readonly correlation_id: string;
  readonly certificate: string;
  readonly operation: string;
  readonly server: string;
  readonly virtualHost: string;
  readonly credential: string;
  /** About its virtual host. */
  readonly alert: string;
  /** Of a command of its gateway. */
  readonly approval: string;
  readonly domain: string;
}

export async function makeObjects(around: Surroundings, backend: TestBackend): Promise<ScopedObjects> {
  const admin = await backend.as('admin');
  const team = `team-${randomBytes(4).toString('hex')}`;
  const domain = `${team}.example.org`;
  const agent_id = uniqueAgent();
  await admin.gateways.register({ agent_id, labels: { team }, site: 'here' });
  const { correlation_id } = await admin.commands.run(agent_id, { command: 'list_users' });
  const [credential, server, virtualHost, certificate, operation, alert, approval] = Array.from(
    { length: 7 },
    uuidv7,
  );
  await sql`INSERT INTO viw.ssh_credentials (id, name, username, sealed) VALUES (${credential}, ${team}, 'deploy', '{}')`.execute(
    around.owner,
  );
  await sql`INSERT INTO viw.nginx_servers (id, name, host, ssh_port, ssh_credential_id, test_command, reload_command)
    VALUES (${server}, ${team}, 'localhost', 22, ${credential}, '["true"]', '["true"]')`.execute(
    around.owner,
  );
  await sql`INSERT INTO viw.certificates (id, names, issuer, challenge, key_type, created_by)
    VALUES (${certificate}, ${[domain, `*.${domain}`]}, 'acme', 'http-01', 'ec-p256', 'test')`.execute(
    around.owner,
  );
  await sql`INSERT INTO viw.virtual_hosts (id, server_id, server_names, cert_dir, listeners, certificate_id)
    VALUES (${virtualHost}, ${server}, ${[domain]}, '/etc/nginx/certs', '[]', ${certificate})`.execute(
    around.owner,
  );
  await sql`INSERT INTO viw.certificate_operations (id, certificate_id, kind, issued_by_kind, issued_by_id, issued_by_name)
    VALUES (${operation}, ${certificate}, 'issue', 'system', 'test', 'test')`.execute(around.owner);
  await sql`INSERT INTO viw.alerts (id, dedupe_key, kind, severity, title, about_kind, about_id, raised_at, last_raised_at)
    VALUES (${alert}, ${`certificate-drift:${virtualHost}`}, 'certificate-drift', 'critical', 'Another certificate is served',
      'virtual_host', ${virtualHost}, now(), now())`.execute(around.owner);
  await sql`INSERT INTO viw.approval_requests (id, kind, verb, agent_id, parameters_redacted, arguments, ttl_s, policy_id,
      requested_by_kind, requested_by_id, requested_by_name, expires_at)
    VALUES (${approval}, 'command', 'list_users', ${agent_id}, '{}', '{}', 60, 'list_users@1', 'system', 'test', 'test',
      now() + interval '1 hour')`.execute(around.owner);
  return {
    agent_id,
    team,
    correlation_id,
    domain,
    ...({ certificate, operation, server, virtualHost, credential, alert, approval } as Record<
      'certificate' | 'operation' | 'server' | 'virtualHost' | 'credential' | 'alert' | 'approval',
      string
    >),
  };
}

/** `none` has a role and nothing that it may be used on. */
export const scopesOf = (own: ScopedObjects): Readonly<Record<string, Scope>> => ({
  own: {
    gateways: { ids: [own.agent_id] },
    servers: { ids: [own.server] },
    certificates: { ids: [own.certificate], domains: [] },
    verbs: 'all',
  },
  selected: {
    gateways: { ids: [], labels: { team: own.team } },
    servers: { ids: [own.server] },
    certificates: { ids: [], domains: [own.domain] },
    verbs: ['list_users'],
  },
  none: {},
});
