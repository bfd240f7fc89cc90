import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The built program. From `dist/main.js` as from the source: the package's own parts lie so many folders up. */
export function serviceBundle(service: string): string {
  for (const up of ['../../..', '../../../..']) {
    const file = join(resolve(__dirname, up), 'apps', service, 'dist', 'main.js');
    if (existsSync(file)) return file;
  }
  throw new Error(`${service} has not been built: npm run build`);
}
