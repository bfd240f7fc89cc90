import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Of a package such as `apps/agent-bridge`; looked for from `dist/main.js` as from the source. @throws Error */
export function bundleOf(folder: string): string {
  for (const up of ['../../..', '../../../..']) {
    const file = join(resolve(__dirname, up), folder, 'dist', 'main.js');
    if (existsSync(file)) return file;
  }
  throw new Error(`${folder} has not been built: npm run build`);
}
