import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** From this file as from the bundle of a tool that uses it, `tools/<tool>/dist/main.js`. */
const root = resolve(__dirname, '../../..');

/** The built program of a package such as `apps/backend`. @throws Error */
export function bundleOf(folder: string): string {
  const file = join(root, folder, 'dist', 'main.js');
  if (!existsSync(file)) throw new Error(`${folder} has not been built: npm run build`);
  return file;
}
