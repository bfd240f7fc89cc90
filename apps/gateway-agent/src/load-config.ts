import { AppError, loadConfig } from '@viw/runtime';
import type { LoadConfigOptions } from '@viw/runtime';
import { agentFields, configSource } from './config';
import { identityPath, readIdentity } from './enrollment/identity-file';
import type { EnrolledIdentity } from './enrollment/identity-file';

type Sources = Pick<LoadConfigOptions<typeof agentFields>, 'env' | 'argv' | 'configDir'>;

/** What enrolment has said, under the names of the settings that would say otherwise. */
const fallbacksOf = (identity: EnrolledIdentity, stateDir: string): Record<string, string> => ({
  GATEWAY_AGENT_ID: identity.agent_id,
  ...(identity.hub_urls.length === 0 ? {} : { GATEWAY_AGENT_HUB_URL: identity.hub_urls.join(',') }),
  GATEWAY_AGENT_HUB_PINS: identity.hub_pins.join(','),
  GATEWAY_AGENT_TRUSTED_KEYS: JSON.stringify(identity.command_keys),
  GATEWAY_AGENT_KEY_FILE: identityPath(stateDir),
});

/** The settings without what belongs together being checked: for commands that come before an enrolment, or look into a fault. */
export const loadAgentFields = (sources: Sources = {}) =>
  loadConfig({ service: configSource.service, schema: agentFields, ...sources });

/**
 * The agent's configuration: flags, else environment, else file, else what enrolment has said, else defaults.
 * @throws AppError CONFIG_INVALID
 */
export function loadAgentConfig(sources: Sources = {}) {
  const { value } = loadAgentFields(sources);
  const stateDir = value.GATEWAY_AGENT_STATE_DIR;
  const identity = readIdentity(stateDir);
  if (identity === undefined) return loadConfig({ ...configSource, ...sources });
  if (value.GATEWAY_AGENT_ID !== undefined && value.GATEWAY_AGENT_ID !== identity.agent_id)
    throw new AppError(
      'CONFIG_INVALID',
      `GATEWAY_AGENT_ID is ${value.GATEWAY_AGENT_ID}, but this host is enrolled as ${identity.agent_id}`,
    );
  return loadConfig({ ...configSource, ...sources, fallbacks: fallbacksOf(identity, stateDir) });
}

/** The agent's key is the one that enrolment made, and not one that was put in its place. */
export const usesEnrolledKey = (config: {
  GATEWAY_AGENT_STATE_DIR: string;
  GATEWAY_AGENT_KEY_FILE?: string | undefined;
}): boolean => config.GATEWAY_AGENT_KEY_FILE === identityPath(config.GATEWAY_AGENT_STATE_DIR);

/** Nobody has given the host a certificate from elsewhere. */
export const asksForCertificate = (config: { GATEWAY_AGENT_TLS_CERT_FILE?: string | undefined }): boolean =>
  config.GATEWAY_AGENT_TLS_CERT_FILE === undefined;
