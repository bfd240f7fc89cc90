import { appendFile, readlink } from 'node:fs/promises';
import type { AlertsBody, SnippetJob, SnippetSettings } from '@viw/contracts';
import { SnippetJobRepository, VirtualHostRepository } from '@viw/database';
import { sql } from 'kysely';
import { SnippetJobs } from '../src/deploy/snippet-jobs';
import { startFleetRig, type FleetRig, type FleetServer } from './fleet-rig';

const settings: SnippetSettings = {
  tls: 'modern',
  hsts: { max_age_s: 300, include_subdomains: false, preload: false },
  http01: null,
};
let rig: FleetRig;
let server: FleetServer;
let worker: SnippetJobs;
const alerts: AlertsBody[] = [];
const asker = { by: { kind: 'administrator', id: '1', name: 'a@example.org' } };

beforeAll(async () => {
  rig = await startFleetRig({ servers: 1, instances: 1 });
  const [only] = rig.servers;
  if (!only) throw new Error('no server');
  server = only;
  await new VirtualHostRepository({ db: rig.db }).change(server.id, server.virtualHostId, {
    snippet: settings,
  });
  worker = new SnippetJobs(
    { proofTimeoutMs: 3_000 },
    {
      ...rig.store,
      pool: rig.pool,
      locks: rig.locks,
      box: rig.box,
      logger: rig.logger,
      changes: { announce: () => undefined },
      producer: {
        publish: (_contract, body) => {
          alerts.push(body as AlertsBody);
          return Promise.resolve('0-0');
        },
      },
    },
  );
}, 60_000);
afterAll(() => rig.stop(), 60_000);
beforeEach(() => void (alerts.length = 0));

/** As the backend stores it. */
async function done(kind: SnippetJob['kind'], force = false): Promise<NonNullable<SnippetJob['result']>> {
  const jobs = new SnippetJobRepository({ db: rig.db });
  await jobs.request(server.virtualHostId, kind, force, asker);
  await worker.runAll(new AbortController().signal);
  const job = await jobs.get(server.virtualHostId);
  if (!job?.result) throw new Error(`the job is ${job?.state ?? 'gone'}`);
  return job.result;
}
const directory = (): string => `${server.certDir}.snippets`;

test('a preview shows what would be written and the line to be added, and writes nothing', async () => {
  const result = await done('preview');
  expect(result).toMatchObject({
    directory: directory(),
    applied: false,
    steps: [],
    error: null,
    includes: [{ file: 'tls.conf', line: `include ${directory()}/current/tls.conf;`, included: false }],
  });
  expect(result.files).toMatchObject([{ state: 'absent' }]);
  expect(result.files[0]?.diff).toContain('\n+ssl_protocols TLSv1.3;\n');
  await expect(readlink(`${directory()}/current`)).rejects.toThrow('ENOENT');
  expect(alerts).toEqual([]);
});

test('an application goes through the steps of a deployment; what was changed by hand stops it, until it is forced', async () => {
  const applied = await done('apply');
  expect(applied).toMatchObject({ applied: true, error: null });
  expect(applied.steps.map(({ step, status }) => `${step} ${status}`)).toEqual(
    ['connect', 'preflight', 'upload', 'switch', 'test', 'reload', 'prove', 'prune'].map(
      (one) => `${one} done`,
    ),
  );
  expect(alerts).toMatchObject([
    { action: 'cleared', dedupe_key: `virtual-host-snippet:${server.virtualHostId}` },
  ]);
  expect(await done('apply')).toMatchObject({ applied: false, steps: [], error: null });

  await appendFile(`${directory()}/current/tls.conf`, '# mine\n');
  alerts.length = 0;
  const refused = await done('apply');
  expect(refused).toMatchObject({
    applied: false,
    error: { code: 'DEPLOY_REFUSED', msg: expect.stringContaining('changed by hand') as string },
    files: [{ state: 'changed' }],
  });
  expect(refused.files[0]?.diff).toContain('\n-# mine');
  expect(alerts).toMatchObject([{ action: 'raised', severity: 'warning' }]);
  expect(await done('apply', true)).toMatchObject({ applied: true, error: null });
});

test('where sudo stands between nobody writes configuration; the preview is there for root', async () => {
  await rig.setRights(server, 'sudo');
  try {
    expect(await done('preview')).toMatchObject({ error: null, includes: [{ included: null }] });
    expect(await done('apply')).toMatchObject({
      applied: false,
      error: { code: 'DEPLOY_REFUSED', msg: expect.stringContaining('would make it root') as string },
    });
  } finally {
    await rig.setRights(server, 'own');
  }
});

test('one whose snippet has gone meanwhile fails, and raises nothing that nobody would clear', async () => {
  const hosts = new VirtualHostRepository({ db: rig.db });
  await hosts.change(server.id, server.virtualHostId, { snippet: null });
  try {
    expect(await done('apply')).toMatchObject({ applied: false, error: { code: 'CONFLICT' } });
    expect(alerts).toEqual([]);
  } finally {
    await hosts.change(server.id, server.virtualHostId, { snippet: settings });
  }
});

test('challenges are answered from the web root of the virtual host, where their files are placed', async () => {
  const hosts = new VirtualHostRepository({ db: rig.db });
  const change = (changes: Parameters<typeof hosts.change>[2]) =>
    hosts.change(server.id, server.virtualHostId, changes);
  const rootIn = async () =>
    (await done('preview')).files
      .find(({ path }) => path.endsWith('http01.conf'))
      ?.diff.match(/\+ *root (\S+);/)?.[1];
  try {
    await change({ web_root: '/srv/acme', snippet: { ...settings, http01: { from: 'web_root' } } });
    expect(await rootIn()).toBe('/srv/acme');
    await change({ web_root: null });
    expect(await done('preview')).toMatchObject({ error: { code: 'CONFLICT' } });
    await change({ snippet: { ...settings, http01: { from: 'web_root', path: '/srv/other' } } });
    expect(await rootIn()).toBe('/srv/other');
  } finally {
    await change({ web_root: null, snippet: settings });
  }
});

test('a worker that stops leaves it to the next one, and tells nobody', async () => {
  const jobs = new SnippetJobRepository({ db: rig.db });
  await jobs.request(server.virtualHostId, 'apply', true, asker);
  await worker.runAll(AbortSignal.abort(new Error('the worker stops')));
  expect(await jobs.get(server.virtualHostId)).toMatchObject({ state: 'requested', result: null });
  expect(alerts).toEqual([]);
  await worker.runAll(new AbortController().signal);
  expect(await jobs.get(server.virtualHostId)).toMatchObject({ state: 'done', result: { error: null } });
});

test('who was away for long neither carries it out nor says what came of it', async () => {
  const jobs = new SnippetJobRepository({ db: rig.db });
  await jobs.request(server.virtualHostId, 'preview', false, asker);
  const first = (await jobs.take())!;
  expect(await jobs.isHeld(first)).toBe(true);
  await sql`UPDATE viw.snippet_jobs SET started_at = now() - interval '1 hour'`.execute(rig.db);
  const second = (await jobs.take())!;
  expect([await jobs.isHeld(first), await jobs.isHeld(second)]).toEqual([false, true]);
  const result = { directory: null, files: [], includes: [], applied: false, steps: [], error: null };
  expect([await jobs.finish(first, result), await jobs.finish(second, result)]).toEqual([false, true]);
});

test('one that ends every worker is ended after three of them', async () => {
  const jobs = new SnippetJobRepository({ db: rig.db });
  await jobs.request(server.virtualHostId, 'apply', false, asker);
  for (let attempt = 1; attempt <= 3; attempt++) {
    expect(await jobs.take()).toMatchObject({ kind: 'apply' });
    expect(await jobs.take()).toBeUndefined();
    await rig.db
      .updateTable('snippet_jobs')
      .set({ started_at: new Date(0) })
      .execute();
  }
  expect(await jobs.take()).toBeUndefined();
  expect((await jobs.get(server.virtualHostId))?.result?.error?.code).toBe('TIMEOUT');
});
