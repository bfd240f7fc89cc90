import { startChromium } from '@viw/testing';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let chromium: Awaited<ReturnType<typeof startChromium>>;
beforeAll(async () => {
  [around, chromium] = await Promise.all([surroundings(), startChromium()]);
  backend = await startBackend(around);
}, 60_000);
afterAll(async () => {
  await chromium?.stop();
  await backend?.stop();
  await around?.close();
});

it('the API can be read in a browser: every route, styled, with nothing that its policy forbids or another origin holds', async () => {
  const page = await chromium.browser.newPage();
  const [violations, asked]: [string[], string[]] = [[], []];
  await page.exposeFunction('viwViolation', (text: string) => violations.push(text));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    window.viwViolation(event.violatedDirective + ' ' + event.blockedURI))`);
  page.on('request', (request) => asked.push(new URL(request.url()).origin));
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.setExtraHTTPHeaders({ authorization: `Bearer ${await backend.key('viewer')}` });

  const answer = await page.goto(`${backend.url}/docs`);
  expect(answer?.headers()['content-security-policy']).not.toContain('unsafe');
  const shown = await page.locator('h3').allInnerTexts();
  const documented = backend.routes
    .filter(({ path }) => !/^\/(docs|openapi\.json)/.test(path))
    .map(({ method, path }) => `${method} ${path.replace(/:([a-z_0-9]+)/g, '{$1}')}`);
  expect(shown.map((heading) => heading.replace(/\s+/g, ' ')).sort()).toEqual(documented.sort());
  await page.locator('nav a', { hasText: 'certificates' }).click();
  expect(page.url()).toContain('#certificates');
  // The style sheet counts.
  expect(await page.evaluate('getComputedStyle(document.body).display')).toBe('flex');
  expect([violations, errors.filter((text) => !text.includes('favicon'))]).toEqual([[], []]);
  expect(new Set(asked)).toEqual(new Set([backend.url]));
}, 60_000);

it('is for those who may use it', async () => {
  for (const path of ['/docs', '/docs/style.css']) expect((await fetch(backend.url + path)).status).toBe(401);
});
