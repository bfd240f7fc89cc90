import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports';

test('distinct, below the ephemeral range, and locked for this process', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(10_000);
    expect(port).toBeLessThan(32_768);
  }
  expect(await readFile(join(tmpdir(), 'viw-ports', String(ports[0])), 'utf8')).toBe(String(process.pid));
});

test('locks of dead processes are cleared away by the next process', async () => {
  const lock = join(tmpdir(), 'viw-ports', '9999');
  await writeFile(lock, '2147483647');
  await jest.isolateModulesAsync(async () => {
    const { freePort: inAnotherProcess } = await import('./ports');
    await inAnotherProcess();
  });
  await expect(readFile(lock, 'utf8')).rejects.toThrow('ENOENT');
});
