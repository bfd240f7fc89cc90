import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chromium } from '@viw/testing';
import { eventually, startChromium } from '@viw/testing';
import type { Client } from '@viw/client';
import { builtPanel } from './panel/build-panel';
import type { WatchedPage } from './panel/watched-page';
import { watchedPage } from './panel/watched-page';
import { surroundings, type Surroundings } from './surroundings';
import { startBackend, uniqueAgent, type TestBackend } from './test-backend';

let dir: string;
let around: Surroundings;
let backend: TestBackend;
let admin: Client;
let chromium: Chromium;
let watched: WatchedPage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-panel-'));
  [around, chromium] = await Promise.all([surroundings(), startChromium(), builtPanel(dir)]);
  backend = await startBackend(around, { environment: { BACKEND_PANEL_DIR: dir } });
  admin = await backend.signIn();
  watched = await watchedPage(chromium);
  const { page } = watched;
  await page.goto(backend.url);
  await page.getByLabel('E-mail').fill(backend.admin.email);
  await page.locator('input[name=password]').fill(backend.admin.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}, 120_000);
afterEach(() => {
  expect(watched.complaints).toEqual([]);
});
afterAll(async () => {
  await chromium?.stop();
  await backend?.stop();
  await around?.close();
  await rm(dir, { recursive: true });
});

it('the emergency stop is asked for with a reason, stands on every page, and is released there', async () => {
  const { page } = watched;
  await page.getByRole('button', { name: 'Stop all commands' }).click();
  const dialog = page.getByRole('dialog');
  const stop = dialog.getByRole('button', { name: 'Stop all commands' });
  expect(await stop.isDisabled()).toBe(true);
  await dialog.getByLabel('Reason').fill('a key of the fleet may have leaked');
  expect(await watched.faults()).toEqual([]);
  await stop.click();
  const banner = page.getByRole('status').filter({ hasText: 'Commands are stopped' });
  await banner.getByText('a key of the fleet may have leaked').waitFor();
  await dialog.waitFor({ state: 'detached' });
  expect(await admin.freeze.get()).toMatchObject({ frozen: true });
  expect(await page.getByRole('button', { name: 'Stop all commands' }).count()).toBe(0);
  expect(await watched.faults()).toEqual([]);

  await page.goto(`${backend.url}/servers`);
  await banner.getByRole('button', { name: 'Release' }).click();
  await dialog.getByRole('button', { name: 'Release the stop' }).click();
  await page.getByRole('button', { name: 'Stop all commands' }).waitFor();
  expect(await admin.freeze.get()).toMatchObject({ frozen: false });
});

it('a stop by somebody else is seen without a reload, and its reason as it is', async () => {
  await admin.freeze.on({ reason: 'by \u202esomebody else' });
  await watched.page.getByText('by \\u{202e}somebody else').waitFor();
  await admin.freeze.off();
  await watched.page.getByRole('button', { name: 'Stop all commands' }).waitFor();
});

it('a gateway gets a token that is shown once, loses its credentials, and leaves for good after its id was typed', async () => {
  const { page } = watched;
  const id = uniqueAgent();
  await admin.gateways.register({ agent_id: id });
  await page.goto(`${backend.url}/gateways/${id}`);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Enrolment token' }).click();
  await dialog.getByRole('button', { name: 'Make a token' }).click();
  await dialog.getByText(/^viw_enroll_/).waitFor();
  expect(await watched.faults()).toEqual([]);
  await dialog.getByRole('button', { name: 'I have kept it' }).click();

  await page.getByRole('button', { name: 'Revoke credentials' }).click();
  await dialog.getByRole('button', { name: 'Revoke its credentials' }).click();
  await page.getByRole('alert').getByText('Credentials revoked').waitFor();
  expect(await page.getByRole('button', { name: 'Revoke credentials' }).count()).toBe(0);
  expect(await watched.faults()).toEqual([]);

  await page.getByRole('button', { name: 'Decommission', exact: true }).click();
  const leave = dialog.getByRole('button', { name: 'Decommission 1 gateway' });
  expect(await leave.isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill(id);
  await leave.click();
  await eventually(async () => {
    expect(await admin.gateways.get(id)).toMatchObject({ state: 'decommissioned' });
  });
  await page.getByRole('button', { name: 'Enrolment token' }).waitFor({ state: 'detached' });
});
