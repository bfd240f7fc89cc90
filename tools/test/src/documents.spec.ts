import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConfig } from '@viw/runtime';
import type { z } from 'zod';
import { bridgeSchema } from '../../../apps/agent-bridge/src/config';
import { configSource as backend } from '../../../apps/backend/src/config';
import { configSource as certWorker } from '../../../apps/cert-worker/src/config';
import { configSource as gatewayAgent } from '../../../apps/gateway-agent/src/config';
import { configSchema as helperSchema } from '../../../apps/host-helper/src/config';
import { configSource as notifier } from '../../../apps/notifier/src/config';
import { configSource as resultsWriter } from '../../../apps/results-writer/src/config';
import { configSource as telemetryWriter } from '../../../apps/telemetry-writer/src/config';

const root = resolve(__dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const files = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', '-z', '--', ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(root, name)));

const services: readonly { readonly service: string; readonly schema: z.ZodObject }[] = [
  { service: 'agent-bridge', schema: bridgeSchema },
  { service: 'host-helper', schema: helperSchema },
  backend,
  certWorker,
  gatewayAgent,
  notifier,
  resultsWriter,
  telemetryWriter,
];

const prefixOf = (service: string): string => `${service.toUpperCase().replaceAll('-', '_')}_`;
const assignments = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );

describe('what people copy and read fits the programs', () => {
  test.each(files('.env.*.example'))(
    '%s is accepted by its service, also with what is commented out',
    (file) => {
      const service = services.find((each) => file === `.env.${each.service}.example`);
      if (!service) throw new Error(`no service reads ${file}`);
      const text = read(file);
      for (const env of [assignments(text), assignments(text.replace(/^#(?=[A-Z0-9_]+=)/gm, ''))]) {
        expect(Object.keys(env)).not.toEqual([]);
        expect(() =>
          loadConfig({ ...service, env, argv: [], configDir: join(root, 'no-such-folder') }),
        ).not.toThrow();
      }
    },
  );

  test.each(files('docker-compose*.yml', 'deploy/**', '*.md', 'docs/**/*.md', 'apps/*/README.md'))(
    'every setting named in %s exists',
    (file) => {
      const known = services.flatMap(({ schema }) => Object.keys(schema.shape));
      const prefixes = services.map(({ service }) => prefixOf(service)).join('|');
      const named = read(file).match(new RegExp(`\\b(?:${prefixes})[A-Z0-9_]*[A-Z0-9]\\b`, 'g')) ?? [];
      expect(
        named.filter(
          (name) => !known.includes(name) && !known.includes(name.replace(/_(FILE|COMMAND)$/, '')),
        ),
      ).toEqual([]);
    },
  );

  describe.each(services.filter(({ service }) => existsSync(join(root, `apps/${service}/README.md`))))(
    'the README of $service lists',
    ({ service, schema }) => {
      const listed = new Set(
        read(`apps/${service}/README.md`).match(/\b(?:[A-Z0-9_]{2,}|viw_[a-z0-9_]+)\b/g),
      );
      const missing = (names: readonly string[]): string[] => names.filter((name) => !listed.has(name));

      test('every setting', () => expect(missing(Object.keys(schema.shape))).toEqual([]));

      test('every metric of its own', () => {
        const source = files(`apps/${service}/src/*.ts`).map(read).join('\n');
        const metrics = [...source.matchAll(/'(viw_[a-z0-9_]+)'/g)].map(([, name = '']) => name);
        expect(metrics).not.toEqual([]);
        expect(missing(metrics)).toEqual([]);
      });
    },
  );

  test.each(files('*.md', 'docs/**/*.md', 'apps/*/README.md', 'libs/*/README.md', 'tools/*/README.md'))(
    'every file and folder named in %s exists',
    (file) => {
      const named = [...read(file).matchAll(/`((?:apps|libs|tools|deploy|docs)\/[\w./-]+)`/g)];
      // What is built need not be there yet.
      const paths = named.map(([, path = '']) => path.replace(/\/dist\/.*/, ''));
      expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    },
  );
});
