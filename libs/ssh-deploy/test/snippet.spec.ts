import { appendFile, mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { deploySnippet, previewSnippet, renderSnippet } from '@viw/ssh-deploy';
import type { DeployStepEvent, Snippet, SnippetDeployed, SnippetParameters } from '@viw/ssh-deploy';
import { deployWithLog, type Rig } from './rig';
import { siteStage } from './site-stage';

const stage = siteStage(5);
const { site } = stage;
let rig: Rig;
beforeAll(() => void (rig = stage.rig));

const parameters = (): SnippetParameters => ({
  tls: 'intermediate',
  hsts: { max_age_s: 63_072_000, include_subdomains: false, preload: false },
  http01: { from: 'web_root', path: rig.nginx.webroot },
});
const snippetOf = (name: string, more: Partial<SnippetParameters> = {}): Snippet =>
  renderSnippet({ ...parameters(), ...more }, { certDir: rig.nginx.certDir(name), serverNames: [name] });

async function apply(
  name: string,
  snippet: Snippet,
  versionId: string,
  { force = false, ...more }: { force?: boolean; proofTimeoutMs?: number } = {},
): Promise<{ log: string[]; result?: SnippetDeployed; error?: unknown }> {
  const log: string[] = [];
  const onStep = ({ step, status }: DeployStepEvent): void => {
    if (status !== 'started') log.push(`${step} ${status}`);
  };
  const target = { ...rig.target(name), ...more };
  return rig.pool
    .use(rig.login, (server) => deploySnippet({ target, snippet, versionId, force, onStep }, server))
    .then(
      (result) => ({ log, result }),
      (error: unknown) => ({ log, error }),
    );
}
const preview = (snippet: Snippet) =>
  rig.pool.use(rig.login, async (server) =>
    previewSnippet(await server.connect(), snippet, rig.nginx.testCommand),
  );
/** As the preview tells a person to do. */
async function include(name: string, snippet: Snippet): Promise<void> {
  await rig.nginx.writeConf(
    `${name}.conf`,
    `server {
    listen 127.0.0.1:${rig.nginx.httpsPort} ssl;
    server_name ${name};
    ${snippet.includes.find(({ file }) => file === 'tls.conf')?.line ?? ''}
    location / { return 200 "ok"; }
}
server {
    listen 127.0.0.1:${rig.nginx.httpPort};
    server_name ${name};
    ${snippet.includes.find(({ file }) => file === 'http01.conf')?.line ?? ''}
}
`,
  );
}
const versions = ['connect', 'preflight', 'upload', 'switch', 'test', 'reload', 'prove', 'prune'].map(
  (step) => `${step} done`,
);
const hsts = (name: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    get(
      {
        host: '127.0.0.1',
        port: rig.nginx.httpsPort,
        servername: name,
        headers: { host: name },
        rejectUnauthorized: false,
        agent: false,
      },
      (response) => {
        response.resume();
        resolve(response.headers['strict-transport-security']);
      },
    ).on('error', reject);
  });

it('is previewed, put into service, included by one line, changed, and taken for what it is', async () => {
  const name = site();
  expect((await deployWithLog(rig, rig.target(name), await rig.material('v1', name))).error).toBeUndefined();
  const snippet = snippetOf(name);
  const before = await preview(snippet);
  expect(before.files.map(({ state }) => state)).toEqual(['absent', 'absent']);
  expect(before.files[0]?.diff).toContain('--- /dev/null');
  expect(before.includes.map(({ line, included }) => [line, included])).toEqual([
    [`include ${rig.nginx.certDir(name)}.snippets/current/tls.conf;`, false],
    [`include ${rig.nginx.certDir(name)}.snippets/current/http01.conf;`, false],
  ]);

  expect(await apply(name, snippet, 'c1')).toMatchObject({ log: versions });
  await include(name, snippet);
  // Nothing has changed on viw's side; the administrator reloads.
  expect(await apply(name, snippet, 'c2')).toEqual({ log: [], result: undefined });
  const changed = snippetOf(name, { hsts: { max_age_s: 300, include_subdomains: true, preload: false } });
  expect(await apply(name, changed, 'c3')).toMatchObject({
    log: versions,
    result: { previousVersion: 'c1', served: [{ listener: { servername: name } }] },
  });
  expect(await hsts(name)).toBe('max-age=300; includeSubDomains');
  expect((await preview(changed)).includes.map(({ included }) => included)).toEqual([true, true]);

  const token = join(rig.nginx.webroot, '.well-known/acme-challenge/token-1');
  await mkdir(join(token, '..'), { recursive: true });
  await writeFile(token, 'token-1.key');
  const answer = await fetch(`http://127.0.0.1:${rig.nginx.httpPort}/.well-known/acme-challenge/token-1`, {
    headers: { host: name },
  });
  expect([answer.status, await answer.text()]).toEqual([200, 'token-1.key']);
});

it('offers nothing but TLS 1.2 and 1.3 with forward secrecy and AEAD', async () => {
  const name = site();
  const snippet = snippetOf(name);
  expect((await apply(name, snippet, 'c1')).error).toBeUndefined();
  await include(name, snippet);
  expect((await apply(name, snippetOf(name, { hsts: null }), 'c2')).error).toBeUndefined();
  const offered = (options: object): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port: rig.nginx.httpsPort,
          servername: name,
          rejectUnauthorized: false,
          ...options,
        },
        () => {
          resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
          socket.destroy();
        },
      );
      socket.on('error', () => resolve('refused'));
    });
  const only12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' };
  expect(await offered({})).toMatch(/^TLSv1\.3 /);
  expect(await offered(only12)).toMatch(/^TLSv1\.2 ECDHE-ECDSA-AES(128|256)-GCM/);
  for (const ciphers of [
    'ECDHE-ECDSA-AES128-SHA',
    'ECDHE-ECDSA-AES256-SHA384',
    'AES128-GCM-SHA256',
    'DHE-RSA-AES128-GCM-SHA256',
  ])
    expect([ciphers, await offered({ ...only12, ciphers })]).toEqual([ciphers, 'refused']);
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
  expect(await offered(old)).toBe('refused');
});

it('what was changed by hand is told, kept, and overwritten only by force', async () => {
  const name = site();
  const snippet = snippetOf(name);
  await apply(name, snippet, 'c1');
  const file = `${snippet.directory}/versions/c1/tls.conf`;
  await appendFile(file, 'ssl_early_data on; # mine\n');
  const { files } = await preview(snippet);
  expect(files.map(({ state }) => state)).toEqual(['changed', 'same']);
  expect(files[0]?.diff).toContain('\n-ssl_early_data on; # mine');
  const refused = await apply(name, snippet, 'c2');
  expect(refused.error).toMatchObject({
    code: 'DEPLOY_REFUSED',
    message: `${snippet.directory}/current/tls.conf: changed by hand since viw wrote it; nothing is overwritten without force`,
  });
  expect(refused.log).toEqual([]);
  expect(await apply(name, snippet, 'c2', { force: true })).toMatchObject({ log: versions });
  expect(await readlink(`${snippet.directory}/current`)).toBe('versions/c2');
  expect(await readFile(file, 'utf8')).toContain('# mine');
});

it('is taken back when NGINX refuses it, when the reload fails, and when another certificate is served by it', async () => {
  const name = site();
  const snippet = snippetOf(name);
  await apply(name, snippet, 'c1');
  await include(name, snippet);
  const { directory } = snippet;
  // A certificate that is not there.
  const other = renderSnippet(parameters(), {
    certDir: `${rig.nginx.certDir(name)}-none`,
    serverNames: [name],
  });
  const broken = await apply(name, { ...other, directory }, 'c2');
  expect(broken.error).toMatchObject({
    code: 'NGINX_CONFIG_INVALID',
    message: expect.stringContaining('is broken with the new snippet') as string,
    meta: { phase: 'after', rollback: 'done' },
  });
  expect(broken.log.slice(-3)).toEqual(['test failed', 'rollback_switch done', 'rollback_upload done']);
  expect(await readlink(`${directory}/current`)).toBe('versions/c1');

  // That of another site.
  const foreign = renderSnippet(parameters(), {
    certDir: rig.nginx.certDir(stage.sites[4] ?? ''),
    serverNames: [name],
  });
  const wrong = await apply(name, { ...foreign, directory }, 'c3', { proofTimeoutMs: 3_000 });
  expect(wrong.error).toMatchObject({ code: 'DEPLOY_NOT_PROVEN', meta: { rollback: 'done' } });
  expect(String(wrong.error)).toContain('the certificate served before is not served everywhere');
  expect(await readlink(`${directory}/current`)).toBe('versions/c1');
});
