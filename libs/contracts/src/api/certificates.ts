import { z } from 'zod';
import { dnsName } from '../primitives';
import { operationKind, stepStatus } from '../streams';
import { listQuery, page } from './problem';

export const keyType = z.enum(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096']);
export type KeyType = z.infer<typeof keyType>;

export const certificateCreate = z.strictObject({
  names: z.array(dnsName).min(1).max(100),
  /** Name of an issuer that the installation knows, such as `acme`. */
  issuer: z.string().min(1).max(64).default('acme'),
  /** `dns-01` where the installation can change the zone (wildcards need it); `tls-alpn-01` where its port 443 is led to it. */
  challenge: z.enum(['http-01', 'dns-01', 'tls-alpn-01']).default('http-01'),
  key_type: keyType.default('ec-p256'),
  /** Virtual hosts that are to serve it. */
  deploy_to: z.array(z.uuid()).max(200).default([]),
});
export type CertificateCreate = z.input<typeof certificateCreate>;

/**
 * Reasons of RFC 5280 section 5.3.1. With `keyCompromise` the certificate is issued with a new key, deployed and proved first,
 * and lives on; with any other it is revoked at once and no longer renewed.
 */
export const revocationReason = z.enum([
  'keyCompromise',
  'cessationOfOperation',
  'affiliationChanged',
  'unspecified',
]);
export type RevocationReason = z.infer<typeof revocationReason>;
export const certificateRevoke = z.strictObject({ reason: revocationReason });

/** What an operation of kind `revoke` is about: all versions made until then, or until it was asked for. */
export const revocationParameters = z.object({
  reason: revocationReason,
  until: z.iso.datetime({ offset: true }).optional(),
});

/** Work was accepted; its progress is at `/api/v1/operations/{operation_id}`. */
export const operationAccepted = z.object({ certificate_id: z.string(), operation_id: z.string() });

export const certificateVersion = z.object({
  id: z.string(),
  serial: z.string(),
  fingerprint_sha256: z.string(),
  issuer: z.string(),
  names: z.array(z.string()),
  not_before: z.string(),
  not_after: z.string(),
  created_at: z.string(),
  revoked_at: z.string().nullable(),
  /** Its key is taken to be in foreign hands: it is never deployed again. */
  quarantined_at: z.string().nullable(),
});
export type CertificateVersion = z.infer<typeof certificateVersion>;
export const certificateVersionPage = page(certificateVersion);

export const certificateState = z.enum(['pending', 'active', 'failed', 'revoked']);

export const renewalReason = z.enum(['ari', 'lifetime', 'emergency']);

/** What a certificate has come to and not got over, in words for people. */
export const certificateFailure = z.object({
  operation_id: z.string(),
  /** What is tried next: `deploy` when only the deployment is still to be done. */
  kind: z.enum(['issue', 'renew', 'deploy', 'revoke']),
  /** In a row. */
  attempts: z.number(),
  since: z.string(),
  at: z.string(),
  /** Null: viw has stopped and waits for somebody to ask for it. */
  next_attempt_at: z.string().nullable(),
  code: z.string(),
  /** Of the CA's problem document (RFC 8555 section 6.7). */
  problem_type: z.string().nullable(),
  went_wrong: z.string(),
  viw_does: z.string(),
  /** Null: nothing has to be done. */
  you_can: z.string().nullable(),
});
export type CertificateFailure = z.infer<typeof certificateFailure>;

export const certificateRenewal = z.object({
  /** Null while there is nothing to be renewed, or no plan yet (moments after an issuance). */
  due_at: z.string().nullable(),
  /** Suggested by the CA, by share of life left, or because the last twentieth of it has begun. */
  reason: renewalReason.nullable(),
  /** What the CA suggests (RFC 9773); `due_at` is one random instant of its window. */
  suggestion: z
    .object({
      window_start: z.string(),
      window_end: z.string(),
      explanation_url: z.string().nullable(),
      heard_at: z.string(),
    })
    .nullable(),
  failure: certificateFailure.nullable(),
});
export type CertificateRenewal = z.infer<typeof certificateRenewal>;

export const certificate = z.object({
  id: z.string(),
  names: z.array(z.string()),
  issuer: z.string(),
  challenge: z.string(),
  key_type: keyType,
  state: certificateState,
  created_at: z.string(),
  current_version: certificateVersion.nullable(),
  /** Where it is served, with the version last proved there. */
  used_by: z.array(
    z.object({
      virtual_host_id: z.string(),
      server_id: z.string(),
      server_name: z.string(),
      deployed_version_id: z.string().nullable(),
      deployed_at: z.string().nullable(),
    }),
  ),
  last_operation_id: z.string().nullable(),
  renewal: certificateRenewal,
});
export type Certificate = z.infer<typeof certificate>;
export const certificatePage = page(certificate);
export const certificateListQuery = z.strictObject({ ...listQuery, q: z.string().max(253).optional() });

export const operationStatus = z.enum(['accepted', 'running', 'succeeded', 'failed']);

export const operationStep = z.object({
  step: z.string(),
  status: stepStatus,
  virtual_host_id: z.string().nullable(),
  detail: z.string().nullable(),
  duration_ms: z.number().nullable(),
  at: z.string(),
});
export type OperationStep = z.infer<typeof operationStep>;

/** Of an ACME order; resumable in each. */
export const orderState = z.enum(['ordered', 'authorising', 'ready', 'finalising', 'issued', 'stored']);
export type OrderState = z.infer<typeof orderState>;

export const operation = z.object({
  id: z.string(),
  certificate_id: z.string(),
  kind: operationKind,
  status: operationStatus,
  issued_by: z.string(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  error: z.object({ code: z.string(), msg: z.string() }).nullable(),
  /** Null for work that orders nothing, or has not yet. */
  order_state: orderState.nullable(),
  /** In the order in which they were reported; the newest report of a step counts. */
  steps: z.array(operationStep),
});
export type Operation = z.infer<typeof operation>;
export const operationPage = page(operation);
