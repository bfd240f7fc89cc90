export { deployCertificate, type DeployDeps, type DeployOptions } from './deploy';
export type {
  DeployMaterial,
  DeployResult,
  DeployStepEvent,
  DeployStepName,
  DeployTarget,
} from './deploy-types';
export type { DeployPhase, RollbackOutcome, SshFailureReason } from './errors';
export type { ExecOptions, ExecResult } from './exec';
export {
  HOST_KEY_ALGORITHMS,
  hostKeyFingerprint,
  isHostKeyFingerprint,
  type HostKeyAlgorithm,
} from './host-key';
export { FULLCHAIN_FILE, PRIVATE_KEY_FILE } from './layout';
export { probeHostKey, type OfferedHostKey } from './probe-host-key';
export { quoteForPosixShell } from './quote';
export type { RemoteEntry, RemoteFiles, RemoteKind } from './remote-files';
export { normalizeFingerprint, servedCertificate, type Listener, type Served } from './served-certificate';
export { SshConnection, type SshConnectOptions } from './ssh-connection';
