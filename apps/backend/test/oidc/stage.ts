import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OidcFailure } from '@viw/contracts';
import { freePort, selfSign, startProgram } from '@viw/testing';
import { sql } from 'kysely';
import type { Surroundings } from '../surroundings';
import { surroundings } from '../surroundings';
import type { TestBackend } from '../test-backend';
import { startBackend } from '../test-backend';
import { Browser } from './browser';

export const clientSecret = 'the client secret of these tests';
const clientId = 'viw';

/** Who is at the provider's keyboard (null: cancels), and what is wrong with the ID tokens that it makes. */
export interface Next {
  readonly account: string | null;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly forge?: 'none' | 'HS256' | 'PS256' | 'other-key';
}

export interface OidcStage {
  readonly around: Surroundings;
  readonly backend: TestBackend;
  readonly issuer: string;
  readonly environment: Readonly<Record<string, string>>;
  browser(): Browser;
  next(next: Next): Promise<void>;
  /** What the browser brings back, not yet visited. */
  begin(browser: Browser, returnTo?: string): Promise<string>;
  /** All of it; where the browser ends, and why nobody was signed in, if so. */
  signIn(browser: Browser, returnTo?: string): Promise<{ path: string; failure: OidcFailure | null }>;
  visit(browser: Browser, url: string): Promise<{ path: string; failure: OidcFailure | null }>;
  /** Details of the newest line about a sign-in. */
  lastLine(): Promise<{ outcome: string; actor_id: string; detail: Record<string, unknown> }>;
  stopProvider(): Promise<void>;
  close(): Promise<void>;
}

export async function oidcStage(more: Readonly<Record<string, string>> = {}): Promise<OidcStage> {
  const dir = await mkdtemp(join(tmpdir(), 'viw-oidc-'));
  const [cert, key] = [join(dir, 'provider.pem'), join(dir, 'provider.key')];
  const [around, port, backendPort] = await Promise.all([
    surroundings(),
    freePort(),
    freePort(),
    selfSign({ names: ['127.0.0.1'], certFile: cert, keyFile: key }),
  ]);
  const ca = await readFile(cert, 'utf8');
  const issuer = `https://127.0.0.1:${port}`;
  const publicUrl = `http://127.0.0.1:${backendPort}`;
  const redirectUri = `${publicUrl}/admin/api/sign-in/oidc/callback`;
  const environment = {
    BACKEND_BIND: `127.0.0.1:${backendPort}`,
    BACKEND_PUBLIC_URL: publicUrl,
    BACKEND_OIDC_ISSUER: issuer,
    BACKEND_OIDC_CLIENT_ID: clientId,
    BACKEND_OIDC_CLIENT_SECRET: clientSecret,
    BACKEND_OIDC_NAME: 'Example Login',
    BACKEND_OIDC_CA_FILE: cert,
    ...more,
  };
  const [provider, backend] = await Promise.all([
    startProgram({
      name: 'identity provider',
      argv: [process.execPath, join(__dirname, 'provider.mjs')],
      env: { PROVIDER: JSON.stringify({ port, cert, key, clientId, clientSecret, redirectUri }) },
      readyWhen: { line: /listening/ },
    }),
    startBackend(around, { environment }),
  ]);
  const visit: OidcStage['visit'] = async (browser, url) => {
    const { location = '', status, body } = await browser.ask('GET', url);
    if (status !== 303) throw new Error(`${status} ${body}`);
    const { pathname, search, searchParams } = new URL(location);
    const failure = searchParams.get('sign_in_error') as OidcFailure | null;
    return { path: failure === null ? pathname + search : pathname, failure };
  };
  const begin: OidcStage['begin'] = async (browser, return_to = '/') => {
    const page = await browser.ask('POST', `${backend.url}/admin/api/sign-in/oidc`, { return_to });
    if (page.status !== 200) throw new Error(page.body);
    return browser.leaves((JSON.parse(page.body) as { url: string }).url);
  };
  return {
    around,
    backend,
    issuer,
    environment,
    browser: () => new Browser(ca),
    next: async (next) => void (await new Browser(ca).ask('POST', `${issuer}/test/next`, next)),
    begin,
    signIn: async (browser, returnTo) => visit(browser, await begin(browser, returnTo)),
    visit,
    lastLine: async () => {
      const { rows } = await sql<{
        outcome: string;
        actor_id: string;
        detail: Record<string, unknown>;
      }>`SELECT outcome, actor_id, detail FROM viw.audit_log
        WHERE action = 'session.create' ORDER BY id DESC LIMIT 1`.execute(around.owner);
      if (rows[0] === undefined) throw new Error('no line');
      return rows[0];
    },
    stopProvider: async () => void (await provider.stop()),
    close: async () => {
      await Promise.all([provider.stop(), backend.stop()]);
      await Promise.all([around.close(), rm(dir, { recursive: true })]);
    },
  };
}
