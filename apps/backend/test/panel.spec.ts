import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@viw/client';
import type { Chromium } from '@viw/testing';
import { makeRequest } from '@viw/pki';
import { eventually, startChromium } from '@viw/testing';
import type { OidcStage } from './oidc/stage';
import { oidcStage } from './oidc/stage';
import { approvalPages } from './panel/approval-pages';
import { builtPanel } from './panel/build-panel';
import { issuancePages } from './panel/issuance-pages';
import { narrowPages } from './panel/narrow-pages';
import { storedByPage } from './panel/panel-under-test';
import type { WatchedPage } from './panel/watched-page';
import { watchedPage } from './panel/watched-page';

let dir: string;
let stage: OidcStage;
let chromium: Chromium;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-panel-'));
  // The certificate of the provider is its own.
  [stage, chromium] = await Promise.all([
    oidcStage({ BACKEND_PANEL_DIR: dir }),
    startChromium({ args: ['--ignore-certificate-errors'] }),
    builtPanel(dir),
  ]);
}, 120_000);
afterAll(async () => {
  await Promise.all([chromium?.stop(), stage?.close()]);
  await rm(dir, { recursive: true });
});

/** What a page that nothing has been forbidden says. */
const complaints: string[] = [];

async function newPage() {
  const page = await chromium.browser.newPage();
  page.on('console', (message) => {
    // Who is not signed in is told so by 401.
    if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return page;
}

it('signs in by the button, under the strict policy, and comes back to where the person was', async () => {
  const admin = await stage.backend.signIn();
  const identity = { issuer: stage.issuer, subject: 'erin' };
  await admin.administrators.create({ email: 'erin@example.org', identity, role: 'viewer' });
  await stage.next({ account: 'erin' });
  const page = await newPage();
  await page.goto(`${stage.backend.url}/gateways?q=berlin`);
  await page.getByRole('button', { name: 'Sign in with Example Login' }).click();
  await page.getByText('erin@example.org').first().waitFor();
  expect(new URL(page.url()).pathname).toBe('/gateways');
  // What a viewer may not see is not offered.
  expect(await page.getByRole('link', { name: /^(Access|Audit)$/ }).count()).toBe(0);
  await page.close();
  expect(complaints).toEqual([]);
});

it('says in words why nobody was signed in, once, and does not lose the way in by password', async () => {
  await stage.next({ account: 'mallory' });
  const page = await newPage();
  await page.goto(stage.backend.url);
  await page.getByRole('button', { name: 'Sign in with Example Login' }).click();
  const alert = page.getByRole('alert');
  await alert.getByText('viw does not: an administrator has to enter your identity first').waitFor();
  await eventually(() => expect(page.url()).toBe(`${stage.backend.url}/`));
  await page.getByLabel('E-mail').waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Sign in with Example Login' }).waitFor();
  expect(await alert.count()).toBe(0);
  await page.close();
  expect(complaints).toEqual([]);
});

describe('pages that only some may see', () => {
  let watched: WatchedPage;
  const open = async (path: string): Promise<void> => {
    await watched.page.goto(stage.backend.url + path);
  };
  beforeAll(async () => {
    await stage.backend.signIn();
    watched = await watchedPage(chromium);
    await open('/audit?action=setup');
    await watched.page.getByLabel('E-mail').fill(stage.backend.admin.email);
    await watched.page.locator('input[name=password]').fill(stage.backend.admin.password);
    await watched.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await watched.page.getByRole('heading', { name: 'Audit' }).waitFor();
  });
  afterEach(() => {
    expect(watched.complaints).toEqual([]);
  });
  afterAll(() => watched.page.context().close());

  it('audit: what the address asks for, a line in full, the export, and whether the chain holds', async () => {
    const { page } = watched;
    await page.getByRole('button', { name: 'setup' }).click();
    await page
      .getByText('Not sealed yet')
      .or(page.getByText(/^Place \d+$/))
      .waitFor();
    expect(new URL(page.url()).searchParams.get('line')).toMatch(/^\d+$/);
    await page.getByRole('button', { name: 'Verify the chain' }).click();
    await page.getByText(/The chain holds: \d+ lines/).waitFor();
    expect(await watched.faults()).toEqual([]);

    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export filtered CSV' }).click();
    const rows = await readFile(await (await download).path(), 'utf8');
    expect(rows.trim().split('\n')).toEqual([
      expect.stringContaining('action'),
      expect.stringContaining('setup'),
    ]);

    await page.getByLabel('Action, written out').fill('no.such.action');
    await page.getByText('No match').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('button', { name: 'audit.export' }).waitFor();
  });

  it('an error never looks like an empty log', async () => {
    const { page } = watched;
    await page.route('**/admin/api/audit?*', (route) =>
      route.fulfill({
        status: 403,
        json: { type: 'about:blank', title: 'Forbidden', status: 403, code: 'FORBIDDEN' },
      }),
    );
    await open('/audit');
    await page.getByRole('alert').getByText('Forbidden', { exact: true }).waitFor();
    expect(await page.getByText(/No line yet|No match/).count()).toBe(0);
    await page.unroute('**/admin/api/audit?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'setup' }).waitFor();
  });

  it('access: a key of a new client is shown once, opens, and opens nothing when it is revoked', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'Access' }).click();
    await page.getByText('API clients').click();
    await page.getByRole('button', { name: 'Add API client' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('billing');
    const choose = async (label: string, option: string): Promise<void> => {
      await dialog.getByRole('combobox', { name: label, exact: true }).click();
      await page.getByRole('option', { name: option }).click();
    };
    await choose('Narrowed', 'Yes: to a part');
    await choose('Certificates', 'Only these certificates');
    const domains = dialog.getByRole('combobox', { name: 'Certificates by domain' });
    for (const domain of ['example.org', '*.example.org']) {
      await domains.fill(domain);
      await domains.press('Enter');
    }
    await dialog.getByRole('button', { name: 'Add API client' }).click();
    await dialog
      .getByText('Neither a DNS name without a wildcard nor an IP address: *.example.org')
      .waitFor();
    expect(await watched.faults()).toEqual([]);
    await domains.press('Backspace');
    await dialog.getByRole('button', { name: 'Add API client' }).click();
    await page.getByText('certificates below example.org', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'New key' }).click();
    await dialog.getByRole('button', { name: 'Make the key' }).click();
    const key = await dialog.getByLabel('API key').innerText();
    const machine = createClient({ baseUrl: stage.backend.url, auth: { kind: 'apiKey', key } });
    expect((await machine.session.me()).name).toBe('billing');
    expect(await watched.faults()).toEqual([]);
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await dialog.waitFor({ state: 'detached' });
    const secret = key.split('_').slice(2).join('_');
    expect(await page.content()).not.toContain(secret);
    expect(await page.evaluate<string>(storedByPage)).not.toContain(secret);

    await page.getByRole('button', { name: 'Revoke key' }).click();
    await dialog.getByText('for good').waitFor();
    await dialog.getByRole('button', { name: 'Revoke 1 key' }).click();
    await page.getByText('Revoked', { exact: true }).waitFor();
    expect(await watched.faults()).toEqual([]);
    // Every backend forgets it within a second.
    await eventually(() => expect(machine.session.me()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' }));
  });

  it('access: the last one who may do everything stays, and the page says why', async () => {
    const { page } = watched;
    await page.getByText('Administrators').click();
    await page.getByRole('link', { name: stage.backend.admin.email }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog');
    const sure = dialog.getByRole('button', { name: 'Delete 1 administrator' });
    expect(await sure.isDisabled()).toBe(true);
    await dialog.getByLabel('to go on').fill(stage.backend.admin.email);
    await sure.click();
    await dialog.getByText('Nobody would be left who may do everything').waitFor();
    expect(await watched.faults()).toEqual([]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });

  it('authorities: one is made below the root, issues for a request, and revokes with a reason', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'Authorities' }).click();
    await page.getByRole('button', { name: 'Create a CA' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Create 1 authority' }).click();
    await page.getByText('Nothing issued yet').waitFor();
    await page.getByRole('button', { name: 'Issue a certificate' }).click();
    await dialog.getByLabel('Common name').fill('orders');
    await dialog
      .getByLabel('Certificate request')
      .fill(makeRequest(generateKeyPairSync('ed25519').privateKey));
    await dialog.getByRole('button', { name: 'Issue 1 certificate' }).click();
    const pem = await dialog.getByLabel('Certificate and chain', { exact: true }).last().innerText();
    expect(new X509Certificate(pem).subject).toContain('CN=orders');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('button', { name: /^Revoke CN=orders/ }).click();
    await dialog.getByText('OCSP says so at once').waitFor();
    expect(await watched.faults()).toEqual([]);
    await dialog.getByRole('button', { name: 'Revoke 1 certificate' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Another one has taken its place').waitFor();
    expect(await watched.faults()).toEqual([]);
  });

  const panel = { stage: () => stage, watched: () => watched, open };
  issuancePages(panel);
  approvalPages(panel);
  narrowPages(panel);
});
