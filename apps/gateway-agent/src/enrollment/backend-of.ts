import { AppError } from '@viw/runtime';
import { BackendClient } from './backend-client';
import { readIdentity } from './identity-file';

interface Settings {
  readonly GATEWAY_AGENT_STATE_DIR: string;
  readonly GATEWAY_AGENT_CA?: string | undefined;
}

/** The backend at which this host was enrolled. @throws AppError NOT_FOUND when it was not */
export function backendOf({
  GATEWAY_AGENT_STATE_DIR: stateDir,
  GATEWAY_AGENT_CA: ca,
}: Settings): BackendClient {
  const identity = readIdentity(stateDir);
  if (identity === undefined) throw new AppError('NOT_FOUND', 'this host is not enrolled');
  const { backend_url: url, backend_pins: pins, backend_ca: enrolledCa } = identity;
  return new BackendClient({ url, ca: ca ?? enrolledCa, pins });
}
