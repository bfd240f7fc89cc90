import type { z } from 'zod';
import { isSecretSchema } from './config-values';
import { fileKey, readEnvironmentSource, readFileSource, readFlagSource } from './config-sources';
import type { ConfigNames, ConfigSource, Found } from './config-sources';
import { AppError } from './errors';
import type { FieldError } from './errors';

export interface LoadConfigOptions<Schema extends z.ZodObject> {
  /** `agent-bridge`: gives the prefix `AGENT_BRIDGE_` and the file `agent-bridge.toml`. */
  readonly service: string;
  /** Keys are the environment names, with the service's prefix or shared (`REDIS_URL`). Values read text, see `zBool` etc. */
  readonly schema: Schema;
  /** Old environment name → present one. */
  readonly aliases?: Readonly<Record<string, keyof z.output<Schema> & string>>;
  /** Key → text, for keys that no source names. */
  readonly fallbacks?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
  /** Without the program's own name. */
  readonly argv?: readonly string[];
  /** Default: `VIW_CONFIG_DIR`, else `config` in the working directory. */
  readonly configDir?: string;
}

export interface LoadedConfig<Value> {
  readonly value: Value;
  /** Which source won, for every key of the schema. */
  readonly sources: Readonly<Record<keyof Value & string, ConfigSource>>;
  /** Keys whose values must not be shown. */
  readonly secretKeys: ReadonlySet<string>;
}

function nameKeys(
  service: string,
  schema: z.ZodObject,
  aliases: Readonly<Record<string, string>>,
): ConfigNames {
  const prefix = `${service.toUpperCase().replaceAll('-', '_')}_`;
  const keys = Object.keys(schema.shape);
  const fileKeys = keys.map((key) => fileKey(prefix, key));
  const twice = fileKeys.find((name, index) => fileKeys.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two keys of ${service} would both be "${twice}" in its file`);
  const secretKeys = new Set(keys.filter((key) => isSecretSchema(schema.shape[key] as z.ZodType)));
  return { prefix, keys, secretKeys, aliases };
}

/** What the schema has against the values. A message that quotes its value (a custom check might) is replaced. */
function schemaErrors(error: z.ZodError, found: ReadonlyMap<string, Found>): FieldError[] {
  return error.issues.map((issue) => {
    const key = String(issue.path[0] ?? 'the combination');
    const given = found.get(key);
    if (given === undefined && issue.path.length > 0)
      return { path: key, msg: `missing; expected ${issue.message}` };
    const texts = [given?.value ?? []].flat().filter((text) => text.length >= 8);
    const quotes = texts.some((text) => issue.message.includes(text));
    return { path: given?.source.name ?? key, msg: quotes ? 'not acceptable' : `expected ${issue.message}` };
  });
}

/**
 * Reads the configuration once, later sources winning: defaults of the schema → fallbacks → `<configDir>/<service>.toml` →
 * environment (`NAME`, `NAME_FILE` for the contents of a file, for secrets `NAME_COMMAND` for what a program prints) → flags `--name=value`.
 *
 * @throws AppError CONFIG_INVALID with every fault in `meta.errors`: the name and what is expected, never the value
 * @example loadConfig({ service: 'agent-bridge', schema: z.object({ AGENT_BRIDGE_MAX_CONN: zInt({ min: 1 }).default(100) }) })
 */
export function loadConfig<Schema extends z.ZodObject>(
  options: LoadConfigOptions<Schema>,
): LoadedConfig<z.output<Schema>> {
  const { service, schema, aliases = {}, env = process.env, argv = process.argv.slice(2) } = options;
  const configDir = options.configDir ?? env['VIW_CONFIG_DIR'] ?? 'config';
  const names = nameKeys(service, schema, aliases);
  const errors: FieldError[] = [];
  const found = new Map([
    ...Object.entries(options.fallbacks ?? {}).map(([key, value]): [string, Found] => [
      key,
      { value, source: { from: 'fallback', name: key } },
    ]),
    ...readFileSource(configDir, service, names, errors),
    ...readEnvironmentSource(env, names, errors),
    ...readFlagSource(argv, names, errors),
  ]);
  const parsed = schema.safeParse(Object.fromEntries([...found].map(([key, { value }]) => [key, value])));
  if (!parsed.success) errors.push(...schemaErrors(parsed.error, found));
  if (!parsed.success || errors.length > 0) {
    // Not `NAME: reason`: the logger would take the reason for the secret of that name.
    const text = errors.map(({ path, msg }) => `${path} (${msg})`).join(', ');
    throw new AppError('CONFIG_INVALID', `configuration of ${service} is invalid: ${text}`, {
      meta: { service, errors },
    });
  }
  const sources = names.keys.map((key) => [key, found.get(key)?.source ?? { from: 'default' }]);
  return {
    value: parsed.data,
    sources: Object.fromEntries(sources) as LoadedConfig<z.output<Schema>>['sources'],
    secretKeys: names.secretKeys,
  };
}
