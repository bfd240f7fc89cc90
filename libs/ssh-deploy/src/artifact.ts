import type { DeployMaterial } from './deploy-types';
import type { VersionFiles } from './layout';
import { certificatesOf, checkedFingerprint } from './material';
import { filesOf, type Service } from './service/service';

/** One version: what lies on the server, and how it is seen to be in service. */
export interface Artifact {
  /** In words for people, such as `the new certificate`. */
  readonly what: string;
  readonly versionId: string;
  readonly files: VersionFiles;
  /** SHA-256 of the leaf that is to be served; undefined: what was served before is to be served still. */
  readonly fingerprint: string | undefined;
  /** Certificates that are to be sent, the leaf among them. */
  readonly chainLength: number;
}

/** @throws AppError DEPLOY_REFUSED for a pair that does not fit together */
export function certificateArtifact(material: DeployMaterial, service: Pick<Service, 'form'>): Artifact {
  return {
    what: 'the new certificate',
    versionId: material.versionId,
    fingerprint: checkedFingerprint(material),
    chainLength: certificatesOf(material.fullchainPem).length,
    files: filesOf(service, material),
  };
}
