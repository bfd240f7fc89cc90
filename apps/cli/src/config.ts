import { readFileSync } from 'node:fs';
import { AppError, isLoopback } from '@viw/runtime';
import { z } from 'zod';

const setting = (text: string) => z.string().optional().meta({ description: text });

/**
 * The environment is the only source: a file of the working directory could send the key elsewhere, and arguments are
 * read by every user of a machine. Variables of other programs may begin with VIW_ as well.
 */
export const environment = z.object({
  VIW_URL: setting('address of the backend, `https://…`. Needed'),
  VIW_API_KEY: setting('the API key (or token). This or the next is needed, not both'),
  VIW_API_KEY_FILE: setting('file that holds it'),
  VIW_CA_FILE: setting(
    'PEM file of the authorities that may vouch for the backend, in place of the public ones',
  ),
  VIW_ALLOW_PLAINTEXT: setting(
    '`true`: `http://` also to other machines, where key and answers can be read on the way',
  ),
});

/** Where the backend is, and how it is known. */
export interface Settings {
  /** Origin. */
  readonly url: string;
  /** PEM. */
  readonly ca: string | undefined;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as not set. */
const given = (variables: Variables): z.output<typeof environment> =>
  environment.parse(Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== '')));

/** @throws AppError CONFIG_INVALID that names the variable, never its value */
export function loadSettings(variables: Variables): Settings {
  const set = given(variables);
  return {
    url: originOf(set.VIW_URL, set.VIW_ALLOW_PLAINTEXT === 'true'),
    ca: set.VIW_CA_FILE === undefined ? undefined : authoritiesOf(set.VIW_CA_FILE),
  };
}

/** Of the API client; people who sign in need none. @throws AppError CONFIG_INVALID likewise */
export function loadKey(variables: Variables): string {
  const set = given(variables);
  return keyOf(set.VIW_API_KEY, set.VIW_API_KEY_FILE);
}

const invalid = (text: string): AppError => new AppError('CONFIG_INVALID', text);

function originOf(text: string | undefined, allowPlaintext: boolean): string {
  if (text === undefined) throw invalid('VIW_URL is not set: the address of the backend, https://…');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw invalid('VIW_URL is no address of a backend: https://…, without credentials');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw invalid('VIW_URL has a path: only https://host:port is expected');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (url.protocol === 'http:' && !allowPlaintext && !isLoopback(host))
    throw invalid(
      'VIW_URL is http://, and the API key would travel in the clear: use https://, or set VIW_ALLOW_PLAINTEXT=true',
    );
  return url.origin;
}

/** What fits into a header, so that nothing of it can end up in an error of the HTTP library. */
const KEY = /^[\x21-\x7e]{16,8192}$/;

function keyOf(direct: string | undefined, file: string | undefined): string {
  if (direct !== undefined && file !== undefined)
    throw invalid('VIW_API_KEY and VIW_API_KEY_FILE are both set: one is enough');
  if (file !== undefined) return checkedKey('VIW_API_KEY_FILE', read('VIW_API_KEY_FILE', file).trim());
  if (direct !== undefined) return checkedKey('VIW_API_KEY', direct.trim());
  throw invalid(
    'neither VIW_API_KEY nor VIW_API_KEY_FILE is set: an administrator makes keys for API clients',
  );
}

function checkedKey(variable: string, key: string): string {
  if (!KEY.test(key)) throw invalid(`${variable} holds no API key: one line of 16 characters or more`);
  return key;
}

function authoritiesOf(file: string): string {
  const pem = read('VIW_CA_FILE', file);
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw invalid('VIW_CA_FILE holds no certificate in PEM form');
  return pem;
}

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(
      `${variable}: the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
    );
  }
}
