import type { DeployProgress } from './deploy-progress';
import { isConfigurationInvalid } from './errors';
import type { Served } from './served-certificate';
import { testConfiguration } from './service/service-control';

/** How a server is found; `unknown` where it could not be learnt. */
export interface ServerState {
  /** Where the links point; null when there is none. */
  current: string | null;
  previous: string | null;
  configuration: 'valid' | 'broken' | 'unknown';
  listeners: Served[];
}

/** Looks and touches nothing. Never throws: it is asked after failures. */
export async function serverState(run: DeployProgress): Promise<ServerState> {
  const link = async (path: string): Promise<string | null> => {
    try {
      return (await (await run.files).readlink(path)) ?? null;
    } catch {
      return 'unknown';
    }
  };
  try {
    await run.connect();
  } catch {
    return { current: 'unknown', previous: 'unknown', configuration: 'unknown', listeners: [] };
  }
  return {
    current: await link(run.layout.current),
    previous: await link(run.layout.previous),
    configuration: await configurationOf(run),
    listeners: await Promise.all(
      run.target.listeners.map((listener) => run.service.served(run.connection, listener)),
    ),
  };
}

async function configurationOf(run: DeployProgress): Promise<ServerState['configuration']> {
  try {
    await testConfiguration(run.service, run.placement, 'after');
    return 'valid';
  } catch (error) {
    return isConfigurationInvalid(error) ? 'broken' : 'unknown';
  }
}
