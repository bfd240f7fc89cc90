import { z } from 'zod';
import { sshFingerprint } from '../primitives';
import { page } from './problem';

/** What signs in goes in and never comes out again: a private key, a password, or the agent of the cert-workers. */
export const sshCredentialCreate = z
  .strictObject({
    name: z.string().min(1).max(128),
    username: z.string().regex(/^[a-z_][a-z0-9_.-]{0,31}$/),
    /** OpenSSH or PEM. */
    private_key: z
      .string()
      .min(64)
      .max(32 * 1024)
      .optional(),
    /** Of the private key. */
    passphrase: z.string().max(1_024).optional(),
    password: z.string().min(1).max(1_024).optional(),
    /** The keys of the SSH agent that each cert-worker is configured with. */
    agent: z.literal(true).optional(),
  })
  .refine(
    ({ private_key, password, agent }) =>
      [private_key, password, agent].filter((one) => one !== undefined).length === 1,
    { path: ['private_key'], error: 'exactly one of private_key, password and agent' },
  )
  .refine(({ private_key, passphrase }) => passphrase === undefined || private_key !== undefined, {
    path: ['passphrase'],
    error: 'goes with private_key only',
  });
export const sshCredential = z.object({
  id: z.string(),
  name: z.string(),
  username: z.string(),
  created_at: z.string(),
});
export type SshCredential = z.infer<typeof sshCredential>;
export const sshCredentialPage = page(sshCredential);

/** One argument of a program that is run on the server; no shell reads it, newlines and NUL are refused. */
const argument = z
  .string()
  .min(1)
  .max(512)
  // eslint-disable-next-line no-control-regex -- these are the characters refused
  .regex(/^[^\u0000-\u001f]+$/);
export const serverCreate = z.strictObject({
  name: z.string().min(1).max(128),
  host: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9.:-]+$/),
  ssh_port: z.int().min(1).max(65_535).default(22),
  ssh_credential_id: z.uuid(),
  /** Reached through this server, registered before with a host key and a credential of its own. */
  jump_server_id: z.uuid().nullable().default(null),
  /** Pinned at once when given; otherwise nothing is deployed until it is confirmed. */
  host_key_fingerprint: sshFingerprint.optional(),
  test_command: z.array(argument).min(1).max(16).default(['nginx', '-t']),
  reload_command: z.array(argument).min(1).max(16).default(['nginx', '-s', 'reload']),
  /**
   * `own`: the user who signs in may change the certificate directories and reload NGINX, as root may. `sudo`: root's
   * installer does both, and knows the commands by itself; `GET /api/v1/servers/:id/sudoers` says how it is allowed.
   */
  rights: z.enum(['own', 'sudo']).default('own'),
});
/** What is not named stays. The way there (`jump_server_id`) is fixed: no circle can be made. */
export const serverPatch = z.strictObject({
  name: serverCreate.shape.name.optional(),
  host: serverCreate.shape.host.optional(),
  ssh_port: z.int().min(1).max(65_535).optional(),
  ssh_credential_id: z.uuid().optional(),
  test_command: z.array(argument).min(1).max(16).optional(),
  reload_command: z.array(argument).min(1).max(16).optional(),
  rights: z.enum(['own', 'sudo']).optional(),
});
export const serverDeleteQuery = z.strictObject({
  /** `true`: also while certificates are deployed to it. */
  force: z.enum(['true', 'false']).default('false'),
});
/** What goes on being served although viw has forgotten it. */
export const removed = z.object({
  id: z.string(),
  left_on_server: z.array(
    z.object({ cert_dir: z.string(), server_names: z.array(z.string()), what: z.string() }),
  ),
});
export type Removed = z.infer<typeof removed>;

export const hostKeyConfirm = z.strictObject({ fingerprint: sshFingerprint });

export const server = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  ssh_port: z.int(),
  ssh_credential_id: z.string(),
  jump_server_id: z.string().nullable(),
  host_key_fingerprint: z.string().nullable(),
  test_command: z.array(z.string()),
  reload_command: z.array(z.string()),
  rights: z.enum(['own', 'sudo']),
  created_at: z.string(),
});
export type Server = z.infer<typeof server>;
export const serverPage = page(server);

/** What root has to put on a server whose `rights` are `sudo`. */
export const serverSudoers = z.object({
  username: z.string(),
  /** The whole content of this file (root:root 0440). */
  file: z.string(),
  line: z.string(),
  /** `deploy/nginx-server/viw-cert-install`, root:root 0755, with exactly this content. */
  installer: z.object({ path: z.string(), sha256: z.string() }),
  /** Root's file that names the directory of the certificates. */
  configuration: z.string(),
});
export type ServerSudoers = z.infer<typeof serverSudoers>;

/** A `server` block found in a server's configuration. */
const foundVirtualHost = z.object({
  server_names: z.array(z.string()),
  listens: z.array(z.object({ address: z.string(), port: z.int(), tls: z.boolean() })),
  /** Files of `ssl_certificate`. */
  certificates: z.array(z.string()),
});

export const serverProbeResult = z.object({
  /** What the server offers, to be compared by a person before it is confirmed; null when it could not be reached. */
  host_key: z.object({ fingerprint: z.string(), key_type: z.string() }).nullable(),
  /** It is the one that has been confirmed. Only then somebody has signed in. */
  host_key_confirmed: z.boolean(),
  nginx: z
    .object({
      version: z.string().nullable(),
      configuration: z.enum(['valid', 'broken', 'unknown']),
      /** Of the configuration's test. */
      output: z.string(),
      virtual_hosts: z.array(foundVirtualHost),
    })
    .nullable(),
  error: z.object({ code: z.string(), msg: z.string() }).nullable(),
});
export type ServerProbeResult = z.infer<typeof serverProbeResult>;

/** The newest look at a server. */
export const serverProbe = z.object({
  state: z.enum(['requested', 'running', 'done']),
  requested_at: z.string(),
  finished_at: z.string().nullable(),
  /** Of the newest look that was finished. */
  result: serverProbeResult.nullable(),
});
export type ServerProbe = z.infer<typeof serverProbe>;
