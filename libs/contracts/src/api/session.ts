import { z } from 'zod';
import { certificateSha256 } from '../primitives';
import { scope } from './scope';

export const role = z.enum(['viewer', 'operator', 'admin', 'auditor']);
export type Role = z.infer<typeof role>;

export const permission = z.enum([
  'gateways:read',
  'gateways:write',
  'commands:read',
  'commands:run',
  'commands:freeze',
  'commands:approve',
  'policies:write',
  'certificates:read',
  'certificates:write',
  'servers:read',
  'servers:write',
  'access:read',
  'access:write',
  'audit:read',
  'audit:write',
  'alerts:read',
  'alerts:write',
  'system:read',
  'system:write',
]);
export type Permission = z.infer<typeof permission>;

export const email = z.email().max(254).toLowerCase();
export const password = z.string().min(12).max(256);

/** First administrator; works once, while there is none. */
export const setupRequest = z.strictObject({ setup_token: z.string().min(16).max(256), email, password });
/** Sign-in: no length rule on the password here, so that a wrong one is just wrong. */
export const signInRequest = z.strictObject({
  email,
  password: z.string().min(1).max(256),
  /** Of the second factor, for who has one. */
  code: z.string().max(16).optional(),
});

export const me = z.object({
  kind: z.enum(['administrator', 'api_client']),
  id: z.string(),
  name: z.string(),
  role,
  permissions: z.array(permission),
  /** What the caller is narrowed to; absent: not narrowed. */
  scope: scope.optional(),
  /** For people: to be sent as `X-CSRF-Token` with every write. */
  csrf_token: z.string().optional(),
});
export type Me = z.infer<typeof me>;

export const apiClientCreate = z.strictObject({
  name: z.string().min(1).max(128),
  role,
  /** Absent: not narrowed. */
  scope: scope.optional(),
});
export const apiClient = z.object({
  id: z.string(),
  name: z.string(),
  role,
  /** Null: not narrowed. */
  scope: scope.nullable(),
  created_at: z.string(),
  /** None of its keys and tokens works since then. */
  disabled_at: z.string().nullable(),
});
export type ApiClient = z.infer<typeof apiClient>;

export const apiClientPatch = z.strictObject({
  name: z.string().min(1).max(128).optional(),
  role: role.optional(),
  /** Null: not narrowed. */
  scope: scope.nullable().optional(),
  disabled: z.boolean().optional(),
});

export const apiKey = z.object({
  id: z.string(),
  client_id: z.string(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
  /** To the minute. */
  last_used_at: z.string().nullable(),
});
export type ApiKeyView = z.infer<typeof apiKey>;
export const apiKeyList = z.object({ items: z.array(apiKey) });
/** The former key works for so long beside the new one, seconds. */
export const apiKeyRotate = z.strictObject({
  overlap_s: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400),
  expires_at: z.iso.datetime({ offset: true }).optional(),
});

/** A client certificate that lets its holder in as this API client, where the listener asks for one. */
export const apiClientCertificateAdd = z.strictObject({ certificate_sha256: certificateSha256 });
export const apiClientCertificate = z.object({
  sha256: z.string(),
  client_id: z.string(),
  created_at: z.string(),
});
export const apiClientCertificateList = z.object({ items: z.array(apiClientCertificate) });

/** Longest life of a token, seconds. */
export const TOKEN_MAX_S = 86_400;
export const tokenCreate = z.strictObject({ ttl_s: z.int().min(1).max(TOKEN_MAX_S).default(900) });
/** The token is shown here once and never again. */
export const tokenCreated = z.object({ jti: z.string(), token: z.string(), expires_at: z.string() });
export type TokenCreated = z.infer<typeof tokenCreated>;
export const tokenRevoke = z.strictObject({ jti: z.uuid().toLowerCase() });
export const jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

export const apiKeyCreate = z.strictObject({ expires_at: z.iso.datetime({ offset: true }).optional() });
/** The key itself is shown here once and never again. */
export const apiKeyCreated = z.object({ id: z.string(), key: z.string(), expires_at: z.string().nullable() });
