import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The built app, from `dist/main.js` as from the source: three or four folders up are the checkout's own. */
export function bundleOf(app: string): string {
  for (const up of ['../../..', '../../../..']) {
    const file = join(resolve(__dirname, up), 'apps', app, 'dist', 'main.js');
    if (existsSync(file)) return file;
  }
  throw new Error(`${app} has not been built: npm run build`);
}
