import { AppError } from '@viw/runtime';
import { identityPath, readIdentity, readableIdentity } from '../enrollment/identity-file';
import type { EnrolledIdentity } from '../enrollment/identity-file';
import { lifeOf } from '../enrollment/own-certificate';
import { loadAgentConfig, loadAgentFields, usesEnrolledKey } from '../load-config';
import { failed, ok } from './check';
import type { Check } from './check';
import { privateFileCheck, stateDirCheck } from './file-checks';
import { helperChecks } from './helper-checks';
import { hubChecks } from './hub-checks';
import { scriptChecks } from './script-checks';

export interface DiagnoseOptions {
  /** Settings as flags. */
  readonly argv: readonly string[];
  readonly scriptsDir: string;
}

type Config = ReturnType<typeof loadAgentFields>['value'];

/** Everything an agent depends on, looked at from its host. Changes nothing, and does not disturb an agent that runs. */
export async function diagnose(options: DiagnoseOptions): Promise<Check[]> {
  const { checks, config } = configurationCheck(options);
  if (config === undefined) return checks;
  const hubs = await Promise.all(
    (config.GATEWAY_AGENT_HUB_URL ?? []).map((url) =>
      hubChecks(url, {
        ca: config.GATEWAY_AGENT_CA,
        pins: config.GATEWAY_AGENT_HUB_PINS,
        hasClientCertificate: showsCertificate(config),
      }),
    ),
  );
  const helper = await helperChecks({
    socketPath: config.GATEWAY_AGENT_HELPER_SOCKET,
    secret: config.GATEWAY_AGENT_HELPER_SECRET,
    agentId: config.GATEWAY_AGENT_ID,
  });
  const scripts =
    config.GATEWAY_AGENT_HELPER_SECRET === undefined ? [] : await scriptChecks(options.scriptsDir);
  return [
    ...checks,
    identityCheck(config),
    ...(await fileChecks(config, options)),
    ...hubs.flat(),
    ...helper,
    ...scripts,
  ];
}

/** A configuration that does not hold together still says where most things are. */
function configurationCheck(options: DiagnoseOptions): { checks: Check[]; config: Config | undefined } {
  const name = 'configuration';
  const advice =
    'correct what is named; flags are stronger than the environment, that is stronger than the file';
  const attempt = (load: () => Config): Config | Check => {
    try {
      return load();
    } catch (error) {
      return failed(name, error instanceof AppError ? error.message : 'cannot be loaded', advice);
    }
  };
  // What belongs together is checked of an agent that is switched on.
  const argv = [...options.argv, '--enabled=true'];
  const whole = attempt(() => loadAgentConfig({ argv }).value);
  if (!('ok' in whole)) return { checks: [ok(name, 'complete'), ...enabledCheck(options)], config: whole };
  const parts = attempt(() => loadAgentFields({ argv: options.argv }).value);
  return { checks: [whole], config: 'ok' in parts ? undefined : parts };
}

function enabledCheck(options: DiagnoseOptions): Check[] {
  return loadAgentFields({ argv: options.argv }).value.GATEWAY_AGENT_ENABLED
    ? []
    : [failed('enabled', 'the agent is switched off', 'GATEWAY_AGENT_ENABLED=true')];
}

function identityCheck(config: Config): Check {
  const name = 'identity';
  try {
    const identity = readIdentity(config.GATEWAY_AGENT_STATE_DIR);
    if (identity !== undefined && usesEnrolledKey(config)) return enrolledCheck(name, identity);
    if (config.GATEWAY_AGENT_KEY_FILE !== undefined)
      return ok(name, 'a key of its own, by GATEWAY_AGENT_KEY_FILE');
    if (config.GATEWAY_AGENT_TLS_CERT_FILE !== undefined) return ok(name, 'a client certificate');
    if (config.GATEWAY_AGENT_SHARED_SECRET !== undefined)
      return ok(name, 'the shared secret; better a key of its own: viw-agent enroll');
    return failed(name, 'none', 'ask an administrator for a token, then viw-agent enroll');
  } catch (error) {
    const detail = error instanceof AppError ? error.message : 'cannot be read';
    return failed(name, detail, 'run doctor as the agent’s user or as root');
  }
}

function enrolledCheck(name: string, identity: EnrolledIdentity): Check {
  const { agent_id: id, key_made_at: madeAt, certificate } = identity;
  const until = certificate && lifeOf(certificate.pem)?.until;
  const key = `enrolled as ${id}, key made ${madeAt}`;
  if (until === undefined) return ok(name, key);
  const end = new Date(until).toISOString();
  if (Date.now() < until) return ok(name, `${key}, certificate until ${end}`);
  return failed(
    name,
    `${key}; its certificate has expired ${end}, so that it shows none`,
    'viw-agent renew; if the backend cannot be reached from here, see to that',
  );
}

const showsCertificate = (config: Config): boolean =>
  config.GATEWAY_AGENT_TLS_CERT_FILE !== undefined ||
  (usesEnrolledKey(config) && readableIdentity(config.GATEWAY_AGENT_STATE_DIR)?.certificate !== undefined);

/** Files that hold secrets: keys, what NAME_FILE names, and the configuration file where a secret stands in it. */
function fileChecks(config: Config, { argv }: DiagnoseOptions): Promise<Check[]> {
  const { sources, secretKeys } = loadAgentFields({ argv });
  const files = new Map<string, string>();
  const note = (what: string, path: string | undefined): void => {
    if (path !== undefined && path !== '') files.set(what, path);
  };
  note('key', config.GATEWAY_AGENT_KEY_FILE);
  note('TLS key', config.GATEWAY_AGENT_TLS_KEY_FILE);
  if (readable(config)) note('identity', identityPath(config.GATEWAY_AGENT_STATE_DIR));
  for (const [key, source] of Object.entries(sources)) {
    if (!secretKeys.has(key)) continue;
    note(source.from === 'file' ? 'configuration' : key, source.file);
  }
  const unique = [...files].filter(
    ([, path], at, all) => all.findIndex(([, other]) => other === path) === at,
  );
  return Promise.all([
    stateDirCheck(config.GATEWAY_AGENT_STATE_DIR),
    ...unique.map(([what, path]) => privateFileCheck(what, path)),
  ]);
}

function readable(config: Config): boolean {
  try {
    return readIdentity(config.GATEWAY_AGENT_STATE_DIR) !== undefined;
  } catch {
    return true;
  }
}
