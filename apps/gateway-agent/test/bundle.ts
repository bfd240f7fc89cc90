import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { scratch } from './scratch';

/** An app as it is shipped, bundled into a folder of this test's own. */
export async function bundleApp(name: 'gateway-agent' | 'host-helper'): Promise<string> {
  const outfile = join(await scratch('bundle'), `${name}.js`);
  await build({
    entryPoints: [resolve(__dirname, `../../${name}/src/main.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
  });
  return outfile;
}
