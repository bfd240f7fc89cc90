import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'viw-sbom-'));
const file = join(folder, 'sbom.cdx.json');
const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the bill of materials has every package that a service depends on, in its pinned version, and tells what only development needs', async () => {
  await promisify(execFile)('make', ['sbom', `FILE=${file}`], { cwd: root });
  const { bomFormat, components } = read(file) as {
    bomFormat: string;
    components: { purl: string; properties?: { name: string; value: string }[] }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const inDevelopment = new Map(
    components.map(({ purl, properties = [] }) => [
      decodeURIComponent(purl),
      properties.some(({ name }) => name === 'cdx:npm:package:development'),
    ]),
  );
  const { dependencies } = read(join(root, 'apps/backend/package.json')) as {
    dependencies: Record<string, string>;
  };
  const foreign = Object.entries(dependencies).filter(([name]) => !name.startsWith('@viw/'));
  expect(foreign).not.toEqual([]);
  for (const [name, version] of foreign)
    expect([name, inDevelopment.get(`pkg:npm/${name}@${version}`)]).toEqual([name, false]);
  const tools = [...inDevelopment].filter(([purl]) => /^pkg:npm\/(jest|typescript|eslint)@/.test(purl));
  expect(tools.map(([, marked]) => marked)).toEqual([true, true, true]);
});
