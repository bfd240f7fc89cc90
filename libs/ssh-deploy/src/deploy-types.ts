import type { Installer } from './placement/installer';
import type { Listener, Served } from './served-certificate';
import type { ServiceOptions } from './service/service-of';

/** Where and how one certificate is put into service on one server. */
export interface DeployTarget {
  /** Absolute directory on the server; made when absent (its parent must exist). See `Layout`. */
  certDir: string;
  /** What serves the certificate. Default: NGINX. */
  service?: ServiceOptions;
  /** Files and commands go through it, by sudo; it knows the commands by itself. Without it: with the user's own rights. */
  installer?: Installer;
  /** Of NGINX. Default `nginx -t`. */
  testCommand?: readonly string[];
  /** Of NGINX. Default `nginx -s reload`. */
  reloadCommand?: readonly string[];
  /** Every address and name on which the new certificate must show. Not empty: without a proof nothing is deployed. */
  listeners: readonly Listener[];
  /** How long the new certificate may take to show after the reload. Milliseconds, default 20,000. */
  proofTimeoutMs?: number;
  /** Versions kept on the server, the current and the previous one among them. Default 3, at least 2. */
  keepVersions?: number;
}

export interface DeployMaterial {
  /** Names the version's directory: letters, digits, dot, underscore, hyphen. One id, one content, for ever. */
  versionId: string;
  fullchainPem: string;
  /** Written to the server only; never in an event, an error or a log. */
  privateKeyPem: string;
  /** SHA-256 of the leaf's DER, hex with or without colons. */
  fingerprintSha256: string;
}

export type DeployStepName =
  | 'connect'
  | 'preflight'
  | 'upload'
  | 'switch'
  | 'test'
  | 'reload'
  | 'prove'
  | 'prune'
  | 'rollback_upload'
  | 'rollback_switch';

export interface DeployStepEvent {
  step: DeployStepName;
  status: 'started' | 'done' | 'failed';
  detail?: string;
  /** Whole milliseconds; 0 in `started`. */
  duration_ms: number;
}

export interface DeployResult {
  versionId: string;
  /** True when the version was already current before this run. */
  alreadyCurrent: boolean;
  /** The version that was current before; undefined for the first one and for links that people made. */
  previousVersion?: string;
  served: Served[];
  pruned: string[];
  /** Of the configuration's test and of the pruning; none of them is a failure. */
  warnings: string[];
}
