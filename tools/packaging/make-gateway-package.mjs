// `npm run package:gateway [-- FOLDER]`: what a gateway host needs, in one folder (default dist/viw-gateway-<version>): one
// self-contained file per program, units, settings, installer, and their checksums.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const target = resolve(process.argv[2] ?? join(root, 'dist', `viw-gateway-${version}`));

const programs = { 'gateway-agent': 'gateway-agent.js', 'host-helper': 'host-helper.js' };

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
for (const [app, file] of Object.entries(programs)) {
  const cwd = join(root, 'apps', app);
  const { status } = spawnSync(process.execPath, ['../../tools/build/bundle.mjs'], { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  await cp(join(cwd, 'dist/main.js'), join(target, file));
}
await cp(join(root, 'deploy/gateway'), target, { recursive: true });
await cp(join(root, 'docs/guides/install-gateway.md'), join(target, 'install-gateway.md'));

const files = (await readdir(target, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(target, join(entry.parentPath, entry.name)))
  .sort();
const sums = await Promise.all(
  files.map(async (file) => {
    const sum = createHash('sha256')
      .update(await readFile(join(target, file)))
      .digest('hex');
    return `${sum}  ${file}\n`;
  }),
);
await writeFile(join(target, 'SHA256SUMS'), sums.join(''));
console.log(target);
