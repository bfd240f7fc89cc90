import { z } from 'zod';
import { certificateName, isIpAddress } from '../certificate-name';
import { page } from './problem';

const hasNoDotSegments = (path: string): boolean =>
  !path.split('/').some((segment) => segment === '.' || segment === '..');
const absolutePath = z
  .string()
  .max(512)
  .regex(/^\/[A-Za-z0-9._/-]+$/, 'an absolute path');
const plainPath = absolutePath.refine(hasNoDotSegments, 'an absolute path without dot segments');
/** What a test of HAProxy's configuration prints may quote the file, so it is not just any. */
const haproxyPath = plainPath.refine((path) => path.includes('haproxy'), 'a path of HAProxy');

/** What serves the certificate. */
export const serviceKind = z.enum(['nginx', 'haproxy', 'command']);
export type ServiceKind = z.infer<typeof serviceKind>;

/** HAProxy's `crt` is `<cert_dir>/current/`, with key and chain in one file. */
export const haproxySettings = z.strictObject({
  config_file: haproxyPath.default('/etc/haproxy/haproxy.cfg'),
  /** Of the master's command line, over which it is told to reload; without it through its systemd service. */
  master_socket: haproxyPath.optional(),
});
export type HaproxySettings = z.infer<typeof haproxySettings>;

/** Any other program: its check and its reload are what root has listed under this name on the server. */
export const listedServiceSettings = z.strictObject({
  service: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name of letters, digits, dots and hyphens'),
  /** `combined`: key and chain in one file. */
  form: z.enum(['pair', 'combined']).default('pair'),
});
export type ListedServiceSettings = z.infer<typeof listedServiceSettings>;

/** NGINX looks a name up when it reads its configuration, and does not start without an answer. */
const proxiedAddress = z
  .string()
  .max(253)
  .regex(/^([0-9.]+|\[[0-9A-Fa-f:.]+\])$/, 'an IP address, IPv6 in brackets')
  .refine(
    (host) => host.startsWith('[') === host.includes(':') && isIpAddress(host.replace(/^\[(.*)\]$/, '$1')),
    'an IP address, IPv6 in brackets',
  );

const snippetWith = (host: z.ZodString) =>
  z.strictObject({
    /** `intermediate`: TLS 1.2 with AEAD suites beside 1.3. */
    tls: z.enum(['modern', 'intermediate']).default('intermediate'),
    /** Strict-Transport-Security (RFC 6797). */
    hsts: z
      .strictObject({
        max_age_s: z.int().min(0).max(126_230_400),
        include_subdomains: z.boolean().default(false),
        preload: z.boolean().default(false),
      })
      .nullable()
      .default(null),
    /** Where answers to HTTP-01 challenges come from. */
    http01: z
      .discriminatedUnion('from', [
        /** `path` is the virtual host's `web_root` unless that is null. */
        z.strictObject({ from: z.literal('web_root'), path: plainPath.optional() }),
        z.strictObject({ from: z.literal('responder'), host, port: z.int().min(1).max(65_535) }),
      ])
      .nullable()
      .default(null),
  });

/** What NGINX is to include; rendered by viw, and nothing of it is text of a configuration. */
export const snippetSettings = snippetWith(proxiedAddress);
/** A name, kept when there could be one, is shown, and refused when it would be applied. */
const keptSnippet = snippetWith(z.string());
export type SnippetSettings = z.output<typeof snippetSettings>;

const serverNames = z.array(certificateName).min(1).max(100);
/** Of port 80 there; for HTTP-01 by a file under `<web_root>/.well-known/acme-challenge/`. */
const webRoot = plainPath
  .regex(/^(\/[A-Za-z0-9._-]+)+$/, 'an absolute path without an empty segment')
  .nullable();
/** Where the certificate is proved to be served, as seen from the server itself. */
const listeners = z
  .array(z.strictObject({ host: z.string().min(1).max(253), port: z.int().min(1).max(65_535) }))
  .min(1)
  .max(16);

/** Which certificate directory serves which names on which addresses of a server. */
export const virtualHostCreate = z
  .strictObject({
    server_names: serverNames,
    /** viw keeps `versions/<id>/` and the symlink `current` in it; the service is to point at `<cert_dir>/current/…`. */
    cert_dir: absolutePath.refine(
      (path) => !path.endsWith('.snippets'),
      'a directory whose name does not end with .snippets: such a name is for what NGINX includes',
    ),
    web_root: webRoot.default(null),
    listeners,
    kind: serviceKind.default('nginx'),
    haproxy: haproxySettings.optional(),
    /** Needs a server whose rights are `sudo`. */
    command: listedServiceSettings.optional(),
    snippet: snippetSettings.nullable().default(null),
  })
  .refine(({ kind, haproxy }) => haproxy === undefined || kind === 'haproxy', {
    path: ['haproxy'],
    error: 'goes with kind haproxy only',
  })
  .refine(({ kind, command }) => (command !== undefined) === (kind === 'command'), {
    path: ['command'],
    error: 'goes with kind command, and has to',
  })
  .refine(({ kind, snippet }) => snippet === null || kind === 'nginx', {
    path: ['snippet'],
    error: 'goes with kind nginx only',
  });

/** What is not named stays. Kind and directory are what it is: another one is another virtual host. */
export const virtualHostPatch = z.strictObject({
  server_names: serverNames.optional(),
  web_root: webRoot.optional(),
  listeners: listeners.optional(),
  /** What it is to serve from the next deployment on; null: nothing of viw. */
  certificate_id: z.uuid().nullable().optional(),
  haproxy: haproxySettings.optional(),
  command: listedServiceSettings.optional(),
  snippet: snippetSettings.nullable().optional(),
});

export const virtualHost = z.object({
  id: z.string(),
  server_id: z.string(),
  server_names: z.array(z.string()),
  cert_dir: z.string(),
  web_root: z.string().nullable(),
  listeners: z.array(z.object({ host: z.string(), port: z.int() })),
  certificate_id: z.string().nullable(),
  kind: serviceKind,
  haproxy: haproxySettings.nullable(),
  command: listedServiceSettings.nullable(),
  snippet: keptSnippet.nullable(),
});
export type VirtualHost = z.infer<typeof virtualHost>;
export const virtualHostPage = page(virtualHost);
