import { certificateInstaller } from '@viw/contracts';
import type { DeployTarget } from '@viw/database';
import type { DeployTarget as ServerTarget } from '@viw/ssh-deploy';
import { provingListeners } from './proving-listeners';
import { serviceOptionsOf } from './service-options';

/** A virtual host as the steps of a deployment take it. */
export const serverTarget = (target: DeployTarget, proofTimeoutMs: number): ServerTarget => ({
  certDir: target.cert_dir,
  service: serviceOptionsOf(target),
  ...(target.server.rights === 'sudo' && { installer: certificateInstaller }),
  testCommand: target.server.test_command,
  reloadCommand: target.server.reload_command,
  listeners: provingListeners(target),
  proofTimeoutMs,
});
