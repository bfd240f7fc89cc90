import { join, resolve } from 'node:path';
import { startProgram } from '@viw/testing';

const repository = resolve(__dirname, '../../../..');

/** The panel as it is shipped. */
export async function builtPanel(outDir: string): Promise<void> {
  const vite = join(repository, 'node_modules/vite/bin/vite.js');
  const build = await startProgram({
    name: 'vite',
    argv: [process.execPath, vite, 'build', '--outDir', outDir, '--emptyOutDir'],
    cwd: join(repository, 'apps/admin-panel'),
  });
  const { code } = await build.exited;
  if (code !== 0) throw new Error(build.output());
}
