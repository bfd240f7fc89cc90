import { createHash, X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { streams } from '@viw/contracts';
import { listen, uuidv7 } from '@viw/runtime';
import { eventually, freePort, selfSign } from '@viw/testing';
import { sql } from 'kysely';
import { setAside } from '../set-aside';
import { makeObjects } from '../scoped-objects';
import { startBackend, uniqueAgent } from '../test-backend';
import type { TestBackend } from '../test-backend';
import { commandLineStage } from './command-line-stage';
import { patience } from './viw';

const stage = commandLineStage();

it('lists gateways as a table, or as much as is asked for', async () => {
  const site = `site-${uuidv7()}`;
  const ids = [uniqueAgent(), uniqueAgent(), uniqueAgent()];
  for (const agent_id of ids) await stage.admin.gateways.register({ agent_id, site });
  const { status, stdout, stderr } = await stage.run(['gateways', 'list', '--site', site, '--limit', '2']);
  expect([status, stderr]).toEqual([0, 'There are more than these 2: --limit N or --all.\n']);
  const [head, ...lines] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^GATEWAY +STATE +SITE +VERSION/);
  // Under their headings.
  const column = head?.indexOf('STATE') ?? -1;
  expect(lines.map((line) => line.slice(column, column + 8))).toEqual(['expected', 'expected']);

  const all = (await stage.json(['gateways', 'list', '--site', site, '--all'])) as {
    items: { agent_id: string }[];
  };
  expect(all).toMatchObject({ more: false });
  expect(all.items.map(({ agent_id }) => agent_id).sort()).toEqual([...ids].sort());
  expect((await stage.run(['gateways', 'show', ids[0] ?? ''])).stdout).toMatch(
    /^gateway +gw-.*\n(.*\n)*site +site-/,
  );
  expect(await stage.run(['gateways', 'show', 'nobody'])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/\(NOT_FOUND\)\n.*outside the scope/) as string,
  });
});

it('stops all commands and lets them go again', async () => {
  const gateway = uniqueAgent();
  await stage.admin.gateways.register({ agent_id: gateway });
  expect((await stage.run(['freeze', 'on', '--reason', 'a drill'])).stdout).toMatch(
    /FROZEN\n.*\nreason +a drill/,
  );
  expect(await stage.run(['commands', 'run', gateway, 'list_users'])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/\(FROZEN\)\n {2}"viw freeze status"/) as string,
  });
  expect(await stage.json(['freeze', 'status'])).toMatchObject({ frozen: true, reason: 'a drill' });
  expect((await stage.run(['freeze', 'off'])).stdout).toBe('commands  not frozen\n');
});

it('says how the installation is, and that a dead letter is wrong', async () => {
  await eventually(async () => {
    const well = await stage.run(['status']);
    expect(well).toMatchObject({ status: 0, stderr: '' });
    expect(well.stdout).toMatch(/^SERVICE +INSTANCE[^\n]+\nbackend /m);
  }, patience);
  await setAside(stage.around, streams.telemetry);
  expect(await stage.run(['status'])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('WRONG: viw.telemetry: 1 dead letters') as string,
  });
});

describe('certificates', () => {
  it('are listed, shown by a name, and worked on; the end of the work is the exit status', async () => {
    const { certificate, domain, operation, server } = await makeObjects(stage.around, stage.backend);
    expect((await stage.run(['certs', 'list', '--search', domain])).stdout).toMatch(
      new RegExp(`\\n${certificate} +${domain} \\*\\.${domain} +pending +acme`),
    );
    expect(await stage.json(['certs', 'show', domain])).toMatchObject({ id: certificate, versions: [] });
    expect((await stage.run(['servers', 'list', '--all'])).stdout).toContain(server);

    const running = await stage.start(['certs', 'operation', operation, '--wait']);
    await sql`INSERT INTO viw.certificate_operation_steps (operation_id, step, status, detail, at)
      VALUES (${operation}, 'order', 'done', 'two names', now())`.execute(stage.around.owner);
    await running.said('order: done, two names');
    await sql`UPDATE viw.certificate_operations SET status = 'failed', finished_at = now(), error_code = 'ACME_REFUSED',
      error_msg = 'not today' WHERE id = ${operation}`.execute(stage.around.owner);
    expect(await running.ended).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/\nerror +not today \(ACME_REFUSED\)/) as string,
    });
  });

  it('are ordered', async () => {
    const name = `${uuidv7()}.example.org`;
    const running = await stage.start(['certs', 'issue', name, '--issuer', 'private-ca', '--wait', '--json']);
    const [asked] = await eventually(async () => {
      const { items } = await stage.admin.certificates.list({ q: name });
      expect(items).toMatchObject([{ issuer: 'private-ca', names: [name] }]);
      return items;
    }, patience);
    await sql`UPDATE viw.certificate_operations SET status = 'succeeded', finished_at = now()
      WHERE certificate_id = ${asked?.id}`.execute(stage.around.owner);
    const { status, stdout } = await running.ended;
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { kind: 'issue', status: 'succeeded' }]);
    const renewed = await stage.run(['certs', 'renew', name]);
    expect(renewed).toMatchObject({ status: 0, stdout: expect.stringContaining(asked?.id ?? '') as string });
  });
});

it('names the fingerprints of the authorities as openssl does', async () => {
  const { items } = (await stage.json(['ca', 'list'])) as { items: { certificate_path: string }[] };
  const [first] = items;
  const pem = await (await fetch(`${stage.backend.url}${first?.certificate_path}`)).text();
  const { stdout } = await stage.run(['ca', 'fingerprints']);
  expect(stdout).toContain(new X509Certificate(pem).fingerprint256);
});

describe('the audit log', () => {
  it('is exported whole, into a file that only its owner reads, or not at all', async () => {
    const file = join(stage.viw.dir, 'audit.jsonl');
    const exported = await stage.run(['audit', 'export', '--output', file, '--action', 'session.create']);
    expect(exported).toMatchObject({ status: 0, stderr: '' });
    const text = await readFile(file, 'utf8');
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { action: string }).action),
    ).toContain('session.create');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const again = await stage.run(['audit', 'export', '--output', file]);
    expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining('EEXIST') as string });
    expect(await readFile(file, 'utf8')).toBe(text);
    expect((await stage.run(['audit', 'export', '--format', 'csv'])).stdout).toMatch(
      /^[a-z_]+,[a-z_,]+\r?\n/,
    );
  });

  it('is verified, and what was changed is found', async () => {
    const sealed = async () => {
      const verified = await stage.run(['audit', 'verify']);
      expect(verified.stdout).toMatch(/^verdict +nothing was changed.*\nlines +[1-9]/);
      expect(verified.status).toBe(0);
    };
    await eventually(sealed, patience);
    const owner = (text: string) => sql.raw(text).execute(stage.around.owner);
    await owner('ALTER TABLE viw.audit_log DISABLE TRIGGER ALL');
    await owner(
      "UPDATE viw.audit_log SET action = 'changed' WHERE id = (SELECT min(entry_id) FROM viw.audit_chain)",
    );
    await owner('ALTER TABLE viw.audit_log ENABLE TRIGGER ALL');
    const { status, stdout } = await stage.run(['audit', 'verify']);
    expect([status, stdout]).toEqual([
      1,
      expect.stringMatching(/^verdict +[1-9]\d* FINDINGS\n(.*\n)*entry_changed +\d+/),
    ]);
  });
});

describe('the way to the backend', () => {
  let secured: TestBackend | undefined;
  afterAll(() => secured?.stop());

  it('is trusted by the authority that is named, and by no other', async () => {
    const certFile = join(stage.viw.dir, 'tls.pem');
    const keyFile = join(stage.viw.dir, 'tls.key');
    await selfSign({ names: ['127.0.0.1', 'localhost'], certFile, keyFile });
    secured = await startBackend(stage.around, {
      environment: {
        ...{ BACKEND_TLS_MODE: 'custom', BACKEND_TLS_CERT_FILE: certFile, BACKEND_TLS_KEY_FILE: keyFile },
      },
    });
    const url = secured.url.replace(/^http:/, 'https:');
    const { VIW_API_KEY: key = '' } = await stage.settings('viewer');
    const keyPath = join(stage.viw.dir, 'key');
    await writeFile(keyPath, `${key}\n`, { mode: 0o600 });
    const settings = { VIW_URL: url, VIW_API_KEY_FILE: keyPath };
    expect(await stage.viw.run(['gateways', 'list'], settings)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/SELF_SIGNED.*\n.*set VIW_CA_FILE/) as string,
    });
    expect(await stage.viw.run(['gateways', 'list'], { ...settings, VIW_CA_FILE: certFile })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('goes to the address that was set, not where that leads', async () => {
    const seen: string[] = [];
    const server = createServer(({ url = '' }, response) => {
      seen.push(url);
      response.writeHead(307, { location: `/led${url}` }).end();
    });
    const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
    const settings = { ...(await stage.settings('viewer')), VIW_URL: `http://127.0.0.1:${port}` };
    const led = await stage.viw.run(['freeze', 'status'], settings);
    await new Promise((closed) => server.close(closed));
    expect([led.status, led.stderr]).toEqual([
      1,
      expect.stringMatching(/HTTP_307.*\n +VIW_URL leads elsewhere/),
    ]);
    expect(seen).toEqual(['/admin/api/freeze']);
  });

  it('that nobody is at the end of is exit status 3; a key that is none is 1, and is not repeated', async () => {
    const { VIW_API_KEY: key = '' } = await stage.settings('viewer');
    const nobody = { VIW_URL: `http://127.0.0.1:${await freePort()}`, VIW_API_KEY: key };
    const unreached = await stage.viw.run(['status'], nobody);
    expect(unreached).toMatchObject({ status: 3, stderr: expect.stringContaining('ECONNREFUSED') as string });
    const forged = `${key.slice(0, -8)}${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
    const refused = await stage.viw.run(['status'], { VIW_URL: stage.backend.url, VIW_API_KEY: forged });
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('(UNAUTHENTICATED)') as string,
    });
    expect(refused.stderr + unreached.stderr).not.toMatch(new RegExp(`${forged}|${key}`));
  });
});
