import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Chromium } from '@viw/testing';
import { startChromium, startProgram } from '@viw/testing';
import type { OidcStage } from './oidc/stage';
import { oidcStage } from './oidc/stage';

const repository = resolve(__dirname, '../../..');
let dir: string;
let stage: OidcStage;
let chromium: Chromium;

/** The panel as it is shipped. */
async function builtPanel(outDir: string): Promise<void> {
  const vite = join(repository, 'node_modules/vite/bin/vite.js');
  const build = await startProgram({
    name: 'vite',
    argv: [process.execPath, vite, 'build', '--outDir', outDir, '--emptyOutDir'],
    cwd: join(repository, 'apps/admin-panel'),
  });
  const { code } = await build.exited;
  if (code !== 0) throw new Error(build.output());
}

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
  expect(page.url()).toBe(`${stage.backend.url}/`);
  await page.getByLabel('E-mail').waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Sign in with Example Login' }).waitFor();
  expect(await alert.count()).toBe(0);
  await page.close();
  expect(complaints).toEqual([]);
});
