import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import type { FieldError } from './errors';
import { CommandFailed, secretOfCommand } from './secret-command';

/** What a source says: text, or a list of texts (TOML arrays only). */
export type RawValue = string | string[];

/** `default` when no source named the key; `name` is the key, variable or flag as it was written. */
export interface ConfigSource {
  readonly from:
    'default' | 'fallback' | 'file' | 'environment' | 'environment-file' | 'environment-command' | 'flag';
  readonly name?: string;
  /** Path of the file that holds the value. */
  readonly file?: string;
}

export interface Found {
  readonly value: RawValue;
  readonly source: ConfigSource;
}

/** The keys of one service, and what each source calls them. */
export interface ConfigNames {
  /** `AGENT_BRIDGE_` */
  readonly prefix: string;
  readonly keys: readonly string[];
  readonly secretKeys: ReadonlySet<string>;
  /** Old environment name → key. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** `AGENT_BRIDGE_MAX_CONN` → `max_conn`; a shared name such as `REDIS_URL` → `redis_url`. */
export const fileKey = (prefix: string, key: string): string =>
  (key.startsWith(prefix) ? key.slice(prefix.length) : key).toLowerCase();

/** `AGENT_BRIDGE_MAX_CONN` → `--max-conn` */
export const flagName = (prefix: string, key: string): string =>
  `--${fileKey(prefix, key).replaceAll('_', '-')}`;

const isScalar = (value: unknown): boolean =>
  ['string', 'number', 'bigint', 'boolean'].includes(typeof value);

function toRaw(value: unknown): RawValue | undefined {
  if (Array.isArray(value)) return value.every(isScalar) ? value.map(String) : undefined;
  return isScalar(value) ? String(value) : undefined;
}

function readToml(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  return parseToml(text);
}

/** `<dir>/<service>.toml`, flat. A missing file is an empty one. */
export function readFileSource(
  dir: string,
  service: string,
  names: ConfigNames,
  errors: FieldError[],
): Map<string, Found> {
  const fileName = `${service}.toml`;
  const found = new Map<string, Found>();
  let table: Record<string, unknown>;
  try {
    table = readToml(join(dir, fileName));
  } catch (error) {
    // The parser's message quotes the faulty line, which may hold a secret: only its position is passed on.
    const { line, code } = error as { line?: number; code?: string };
    errors.push({
      path: fileName,
      msg: line === undefined ? `cannot be read (${code ?? 'unknown'})` : `not valid TOML at line ${line}`,
    });
    return found;
  }
  const byFileKey = new Map(names.keys.map((key) => [fileKey(names.prefix, key), key]));
  for (const [name, value] of Object.entries(table)) {
    const key = byFileKey.get(name);
    const raw = toRaw(value);
    if (key === undefined) errors.push({ path: `${fileName}: ${name}`, msg: 'unknown key' });
    else if (raw === undefined)
      errors.push({
        path: `${fileName}: ${name}`,
        msg: 'expected text, a number, a boolean or a list of them',
      });
    else found.set(key, { value: raw, source: { from: 'file', name, file: join(dir, fileName) } });
  }
  return found;
}

/** Set by Kubernetes for every Service of the same name in the namespace; not meant for us. */
const KUBERNETES_SERVICE_LINK =
  /^(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

const set = (value: string | undefined): value is string => value !== undefined && value !== '';

/** @param secret only a secret may come from a command */
function readVariable(
  variable: string,
  secret: boolean,
  env: NodeJS.ProcessEnv,
  errors: FieldError[],
): Found | undefined {
  const forms = [variable, `${variable}_FILE`, ...(secret ? [`${variable}_COMMAND`] : [])];
  const [name, another] = forms.filter((form) => set(env[form]));
  if (name === undefined) return undefined;
  const given = env[name] ?? '';
  if (another !== undefined)
    errors.push({
      path: variable,
      msg: `set twice: ${name === variable ? 'directly' : `by ${name}`} and by ${another}`,
    });
  if (name === variable) return { value: given, source: { from: 'environment', name } };
  try {
    return name.endsWith('_COMMAND')
      ? { value: secretOfCommand(given), source: { from: 'environment-command', name } }
      : {
          value: readFileSync(given, 'utf8').trim(),
          source: { from: 'environment-file', name, file: given },
        };
  } catch (error) {
    const msg =
      error instanceof CommandFailed
        ? error.message
        : `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    errors.push({ path: name, msg });
    return undefined;
  }
}

/**
 * `<NAME>`, `<NAME>_FILE` (contents, trimmed), for secrets `<NAME>_COMMAND` (what it prints), and old names. An empty variable
 * counts as not set, as compose files pass unset ones on so. Any other variable with the service's prefix is an error: most likely a misspelt one.
 */
export function readEnvironmentSource(
  env: NodeJS.ProcessEnv,
  names: ConfigNames,
  errors: FieldError[],
): Map<string, Found> {
  const found = new Map<string, Found>();
  const isKey = new Set(names.keys);
  const known = new Set<string>();
  const pairs = [...names.keys.map((key) => [key, key] as const), ...Object.entries(names.aliases)];
  for (const [variable, key] of pairs) {
    const secret = names.secretKeys.has(key);
    known.add(variable).add(`${variable}_FILE`);
    if (secret) known.add(`${variable}_COMMAND`);
    // A key of its own may end in _FILE: then its variable is not the file form of another.
    const visible = isKey.has(`${variable}_FILE`) ? { [variable]: env[variable] } : env;
    const next = readVariable(variable, secret, visible, errors);
    const earlier = found.get(key);
    if (next === undefined) continue;
    if (earlier === undefined) found.set(key, next);
    else if (earlier.value !== next.value)
      errors.push({ path: variable, msg: `differs from ${earlier.source.name ?? key}, which replaces it` });
  }
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(names.prefix) || known.has(variable) || value === '') continue;
    if (KUBERNETES_SERVICE_LINK.test(variable.slice(names.prefix.length))) continue;
    errors.push({ path: variable, msg: 'unknown variable' });
  }
  return found;
}

/** `--name=value`. Secrets are refused here: every user of a host can read the arguments of its processes. */
export function readFlagSource(
  argv: readonly string[],
  names: ConfigNames,
  errors: FieldError[],
): Map<string, Found> {
  const found = new Map<string, Found>();
  const byFlag = new Map(names.keys.map((key) => [flagName(names.prefix, key), key]));
  for (const [position, argument] of argv.entries()) {
    const [, flag, value] = /^(--[a-z0-9_-]+)(?:=([\s\S]*))?$/i.exec(argument) ?? [];
    if (flag === undefined) {
      errors.push({ path: `argument ${position + 1}`, msg: 'expected --name=value' });
      continue;
    }
    const name = flag.replaceAll('_', '-');
    const key = byFlag.get(name);
    if (key === undefined) errors.push({ path: flag, msg: 'unknown flag' });
    else if (names.secretKeys.has(key))
      errors.push({ path: name, msg: `a secret cannot be a flag; set ${key} or ${key}_FILE` });
    else if (value === undefined) errors.push({ path: name, msg: 'expected --name=value' });
    else found.set(key, { value, source: { from: 'flag', name } });
  }
  return found;
}
