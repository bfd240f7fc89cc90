export { placeChallengeFile, removeChallengeFile, type ChallengeFile } from './challenge-file';
export { deployCertificate, type DeployOptions } from './deploy';
export type { DeployDeps } from './deploy-progress';
export type {
  DeployMaterial,
  DeployResult,
  DeployStepEvent,
  DeployStepName,
  DeployTarget,
} from './deploy-types';
export { ROLLBACK_FAILED, type DeployPhase, type RollbackOutcome, type SshFailureReason } from './errors';
export type { ExecOptions, ExecResult } from './exec';
export {
  HOST_KEY_ALGORITHMS,
  hostKeyFingerprint,
  isHostKeyFingerprint,
  onlyLiteralTrue,
  type HostKeyAlgorithm,
} from './host-key';
export { FULLCHAIN_FILE, PRIVATE_KEY_FILE } from './layout';
export { SshPool, type PooledServer, type SshPoolOptions } from './pool/ssh-pool';
export type { Installer } from './placement/installer';
export { probeNginx, probeNginxByInstaller, type FoundNginx } from './probe/probe-nginx';
export type { FoundVirtualHost } from './probe/virtual-hosts';
export { probeHostKey, type OfferedHostKey } from './probe-host-key';
export { quoteForPosixShell } from './quote';
export type { RemoteEntry, RemoteFiles, RemoteKind } from './remote-files';
export { normalizeFingerprint, servedCertificate, type Listener, type Served } from './served-certificate';
export type { ServiceOptions } from './service/service-of';
export type { PairForm, ServiceKind } from './service/service';
export { deploySnippet, type SnippetDeployOptions, type SnippetDeployed } from './snippet/deploy-snippet';
export type { SnippetParameters, SnippetSubject } from './snippet/parameters';
export { previewSnippet, type SnippetPreview } from './snippet/preview-snippet';
export { renderSnippet, type Snippet } from './snippet/snippet';
export type { ServedFacts } from './served-facts';
export type { ServerState } from './server-state';
export { SshConnection, type SshConnectOptions } from './ssh-connection';
