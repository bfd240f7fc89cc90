import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually, isAlive, startChromium } from '../src/index';
import { descendants } from '../src/process-table';

test('shows a page, and stop leaves no process', async () => {
  const server = createServer((_, response) => response.end('<title>hello</title>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const before = new Set(descendants(process.pid));
  const chromium = await startChromium();
  const family = descendants(process.pid).filter((pid) => !before.has(pid));
  expect(family.length).toBeGreaterThan(1);
  const page = await chromium.browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect(await page.title()).toBe('hello');
  await chromium.stop();
  await eventually(() => expect(family.filter(isAlive)).toEqual([]));
  server.close();
});
