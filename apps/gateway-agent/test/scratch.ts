import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

/** A folder of its own for a test; short, since a Unix socket's path has at most 107 bytes. */
export async function scratch(name: string): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), `viw-${name}-`));
  made.push(path);
  return path;
}

afterAll(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});
