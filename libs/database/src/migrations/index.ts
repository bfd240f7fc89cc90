import { gateways } from './0001_gateways';
import { points } from './0002_points';
import { commands } from './0003_commands';
import { outbox } from './0004_outbox';
import { access } from './0005_access';
import { audit } from './0006_audit';
import { servers } from './0007_servers';
import { certificates } from './0008_certificates';
import { orderKeys } from './0009_order_keys';
import { agentProof } from './0010_agent_proof';
import { revocation } from './0011_revocation';
import { enrollment } from './0021_enrollment';
import { trust } from './0022_trust';
import { acceptCommand } from './0023_accept_command';
import { scopes } from './0024_scopes';
import { auditChain } from './0025_audit_chain';
import { identity } from './0026_identity';
import { renewal } from './0027_renewal';
import { challengeAnswers } from './0028_challenge_answers';
import { orderProgress } from './0029_order_progress';
import { rollouts } from './0030_rollouts';
import { servedChecks } from './0031_served_checks';
import { serverAccess } from './0032_server_access';
import { privateCa } from './0033_private_ca';
import { serverRights } from './0035_server_rights';
import { tokenKeys } from './0037_token_keys';
import { probeAttempts } from './0038_probe_attempts';
import { listenerCertificates } from './0041_listener_certificates';
import { tokenKeyRotation } from './0042_token_key_rotation';
import { externalIdentity } from './0044_external_identity';
import { serviceCertificates } from './0045_service_certificates';
import { dnsProviders } from './0046_dns_providers';
import { challengeFiles } from './0047_challenge_files';
import { issuers } from './0048_issuers';
import { webAuthority } from './0049_web_authority';
import { alerts } from './0050_alerts';
import { notifications } from './0051_notifications';
import { services } from './0052_services';
import { certificateBatches } from './0053_certificate_batches';
import { certificateRetirement } from './0054_certificate_retirement';
import { auditedWork } from './0055_audited_work';
import { auditArchive } from './0056_audit_archive';
import { agentHistory } from './0058_agent_history';
import { commandHistory } from './0059_command_history';
import { certificateHistory } from './0060_certificate_history';
import { authorityPhases } from './0061_authority_phases';
import { channelBeginnings } from './0062_channel_beginnings';
import { auditRetentionFloor } from './0064_audit_retention_floor';
import { verbPolicies } from './0065_verb_policies';
import type { Migration } from './migration';

export type { Migration } from './migration';

/** Append only. */
export const migrations: readonly Migration[] = [
  gateways,
  points,
  commands,
  outbox,
  access,
  audit,
  servers,
  certificates,
  orderKeys,
  agentProof,
  revocation,
  enrollment,
  trust,
  acceptCommand,
  scopes,
  auditChain,
  identity,
  renewal,
  challengeAnswers,
  orderProgress,
  rollouts,
  servedChecks,
  serverAccess,
  privateCa,
  serverRights,
  tokenKeys,
  probeAttempts,
  listenerCertificates,
  tokenKeyRotation,
  externalIdentity,
  serviceCertificates,
  dnsProviders,
  challengeFiles,
  issuers,
  webAuthority,
  alerts,
  notifications,
  services,
  certificateBatches,
  certificateRetirement,
  auditedWork,
  auditArchive,
  agentHistory,
  commandHistory,
  certificateHistory,
  authorityPhases,
  channelBeginnings,
  auditRetentionFloor,
  verbPolicies,
];
