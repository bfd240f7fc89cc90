import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { scratch } from './scratch';

/** An app as it is shipped, bundled into a folder of this test's own. `replaced`: import as it is written → file instead. */
export async function bundleApp(
  name: 'gateway-agent' | 'host-helper',
  replaced: Readonly<Record<string, string>> = {},
): Promise<string> {
  const outfile = join(await scratch('bundle'), `${name}.js`);
  await build({
    entryPoints: [resolve(__dirname, `../../${name}/src/main.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    plugins: [
      {
        name: 'replaced',
        setup: (bundling) =>
          bundling.onResolve({ filter: /^\.\// }, ({ path }) =>
            replaced[path] === undefined ? undefined : { path: replaced[path] },
          ),
      },
    ],
  });
  return outfile;
}
