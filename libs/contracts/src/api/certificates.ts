import { z } from 'zod';
import { certificateName } from '../certificate-name';
import { manualRecord } from './dns-providers';
import { operationKind, stepStatus } from '../streams';
import { listQuery, page } from './problem';

export const keyType = z.enum(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096']);
export type KeyType = z.infer<typeof keyType>;

export const certificateCreate = z.strictObject({
  /** DNS names and IP addresses. */
  names: z.array(certificateName).min(1).max(100),
  /**
   * `acme` (what cert-workers are configured with), `private-ca` (viw's own, which needs no challenge), or the issuer of an
   * account at `/api/v1/acme-accounts`.
   */
  issuer: z.string().min(1).max(64).default('acme'),
  /** `dns-01` where the installation can change the zone (wildcards need it, IP addresses cannot be proved by it); `tls-alpn-01` where its port 443 is led to it. */
  challenge: z.enum(['http-01', 'dns-01', 'tls-alpn-01']).default('http-01'),
  /** For `dns-01`: who proves all of its names; by default each is proved by the provider whose zone fits best. */
  dns_provider_id: z.uuid().nullable().default(null),
  /** For `http-01`: answered by viw itself, or by a file that it puts under the web root of the virtual hosts in `deploy_to`. */
  http_via: z.enum(['responder', 'server']).default('responder'),
  key_type: keyType.default('ec-p256'),
  /** Virtual hosts that are to serve it. */
  deploy_to: z.array(z.uuid()).max(200).default([]),
});
export type CertificateCreate = z.input<typeof certificateCreate>;

/**
 * Reasons of RFC 5280 section 5.3.1. With `keyCompromise` the certificate is issued with a new key, deployed and proved first,
 * and lives on (`at_once`: revoked first, replaced after); with any other it is revoked at once and no longer renewed.
 */
export const revocationReason = z.enum([
  'keyCompromise',
  'cessationOfOperation',
  'affiliationChanged',
  'unspecified',
]);
export type RevocationReason = z.infer<typeof revocationReason>;
export const certificateRevoke = z.strictObject({
  reason: revocationReason,
  /** After a key compromise: revokes first and replaces after, so that no server that cannot be deployed to delays it. */
  at_once: z.boolean().default(false),
});
export type CertificateRevoke = z.input<typeof certificateRevoke>;

/** What an operation of kind `revoke` is about: all versions made until then, or until it was asked for. */
export const revocationParameters = z.object({
  reason: revocationReason,
  until: z.iso.datetime({ offset: true }).optional(),
  at_once: z.boolean().default(false),
});

/**
 * How a deployment goes through its servers: first the canary alone, then wave after wave. The first server that fails
 * halts it: those under way are seen through, no other one is begun. Ordered again it goes on where it halted.
 */
export const deployOrder = z.strictObject({
  /** Servers of the first wave. */
  canary: z.int().min(1).max(50).default(1),
  /** Servers of each further wave. */
  wave: z.int().min(1).max(1_000).default(20),
  /** Servers of a wave that are worked on at the same time. */
  concurrency: z.int().min(1).max(32).default(5),
});
export type DeployOrder = z.output<typeof deployOrder>;

/** Back to a version that was in service before; `version_id` absent: the one right before the present one. */
export const certificateRollback = z.strictObject({
  version_id: z.uuid().optional(),
  /** How it goes through the servers. */
  rollout: deployOrder.prefault({}),
});
export type CertificateRollback = z.input<typeof certificateRollback>;

/** What an operation of kind `rollback` is about. */
export const rollbackParameters = z.object({ version_id: z.uuid() });

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
  /** With the certificate's retirement: the version is a record only. */
  key_destroyed_at: z.string().nullable(),
});
export type CertificateVersion = z.infer<typeof certificateVersion>;
export const certificateVersionPage = page(certificateVersion);

/** What the handshake of the proof has shown at one listener. Told by the server, verified by nobody but the fingerprint. */
export const listenerProof = z.object({
  host: z.string(),
  port: z.int(),
  servername: z.string(),
  protocol: z.string().nullable(),
  names: z.array(z.string()),
  issuer: z.string(),
  not_after: z.string(),
  /** SHA-256 of every certificate that was sent, leaf first. */
  chain: z.array(z.string()),
  /** Of the leaf's authority information access. */
  ocsp: z.array(z.string()),
  ca_issuers: z.array(z.string()),
  /** The OCSP response that came with it; null: none. Missing in proofs from before it was recorded. */
  stapled: z
    .object({
      /** `unusable`: not about this certificate, or not to be read. */
      status: z.enum(['good', 'revoked', 'unknown', 'unusable']),
      this_update: z.string().nullable(),
      next_update: z.string().nullable(),
    })
    .nullable()
    .optional(),
});
export type ListenerProof = z.infer<typeof listenerProof>;

/** `drifted`: something else is served than what was proved; `unknown`: the server could not be asked. */
export const servedOutcome = z.enum(['served', 'drifted', 'unknown']);
export type ServedOutcome = z.infer<typeof servedOutcome>;

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
  /** Why the plan is not what the CA suggests, in words for people; null when it is. */
  note: z.string().nullable(),
  failure: certificateFailure.nullable(),
});
export type CertificateRenewal = z.infer<typeof certificateRenewal>;

export const certificate = z.object({
  id: z.string(),
  names: z.array(z.string()),
  issuer: z.string(),
  challenge: z.string(),
  dns_provider_id: z.string().nullable(),
  http_via: z.enum(['responder', 'server']),
  key_type: keyType,
  state: certificateState,
  created_at: z.string(),
  /** Out of service for good: neither renewed nor deployed, and its keys are destroyed. */
  retired_at: z.string().nullable(),
  current_version: certificateVersion.nullable(),
  /** Where it is served, with the version last proved there. */
  used_by: z.array(
    z.object({
      virtual_host_id: z.string(),
      server_id: z.string(),
      server_name: z.string(),
      deployed_version_id: z.string().nullable(),
      deployed_at: z.string().nullable(),
      /** By listener; null before the first deployment. */
      proof: z.array(listenerProof).nullable(),
      /** The newest look whether it is served still; null before the first one. */
      served: z
        .object({
          outcome: servedOutcome,
          detail: z.string().nullable(),
          checked_at: z.string(),
          /** Since when the outcome is this one. */
          since: z.string(),
        })
        .nullable(),
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

/** Where an operation deploys to, and how far it is there. */
export const rolloutTarget = z.object({
  virtual_host_id: z.string(),
  server_id: z.string(),
  server_name: z.string(),
  /** 0 is the canary; a wave begins when the one before it is proved as a whole. */
  wave: z.int(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'skipped']),
  /** Why it failed or was skipped. */
  detail: z.string().nullable(),
});
export type RolloutTarget = z.infer<typeof rolloutTarget>;

/** Progress over all virtual hosts of an operation. */
export const rollout = z.object({
  total: z.int(),
  done: z.int(),
  failed: z.int(),
  skipped: z.int(),
  /** Of virtual hosts that are proved to serve it, rounded down. */
  percent: z.int(),
  targets: z.array(rolloutTarget),
});

/**
 * The same work for many certificates, each an operation of its own; all are accepted or none. The first is the canary of all:
 * the others begin when it is proved as a whole, and after the first failure none begins any more.
 */
export const certificateBatch = z.strictObject({
  kind: z.enum(['deploy', 'renew']),
  certificate_ids: z
    .array(z.uuid())
    .min(1)
    .max(200)
    .refine((ids) => new Set(ids).size === ids.length, 'each once'),
  /** How each of them goes through its servers. */
  rollout: deployOrder.prefault({}),
});
export type CertificateBatch = z.input<typeof certificateBatch>;
/** In the order of the request. */
export const operationsAccepted = z.object({ operations: z.array(operationAccepted) });
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
  /** TXT records that somebody is to set before it goes on (DNS-01 by hand). */
  manual_records: z.array(manualRecord),
  /** Null as long as no deployment has been planned. */
  rollout: rollout.nullable(),
});
export type Operation = z.infer<typeof operation>;
export const operationPage = page(operation);
