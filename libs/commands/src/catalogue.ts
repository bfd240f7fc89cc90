import type { VerbDescription } from '@viw/contracts';
import { AppError, fieldErrors } from '@viw/runtime';
import { z } from 'zod';
import { createOpenvpnUser } from './verbs/create-openvpn-user';
import { createPanelUser } from './verbs/create-panel-user';
import { deleteUser } from './verbs/delete-user';
import { generateBootstrap } from './verbs/generate-bootstrap';
import { getMonitoringData } from './verbs/get-monitoring-data';
import { getServiceStatus } from './verbs/get-service-status';
import { getSessionStatus } from './verbs/get-session-status';
import { getSystemHealth } from './verbs/get-system-health';
import { listContainers } from './verbs/list-containers';
import { listUsers } from './verbs/list-users';
import { reloadService } from './verbs/reload-service';
import { restartAgent } from './verbs/restart-agent';
import { revokeBootstrap } from './verbs/revoke-bootstrap';
import { spawnContainer } from './verbs/spawn-container';
import { stopContainer } from './verbs/stop-container';
import { tailLogs } from './verbs/tail-logs';
import { terminateSession } from './verbs/terminate-session';
import type { VerbDefinition } from './verbs/verb-definition';

/** Every verb there is. What is not here cannot be asked for, signed, or carried out. */
export const catalogue = {
  create_panel_user: createPanelUser,
  create_openvpn_user: createOpenvpnUser,
  delete_user: deleteUser,
  list_users: listUsers,
  spawn_container: spawnContainer,
  stop_container: stopContainer,
  list_containers: listContainers,
  terminate_session: terminateSession,
  get_session_status: getSessionStatus,
  get_system_health: getSystemHealth,
  get_service_status: getServiceStatus,
  get_monitoring_data: getMonitoringData,
  generate_bootstrap: generateBootstrap,
  revoke_bootstrap: revokeBootstrap,
  tail_logs: tailLogs,
  reload_service: reloadService,
  restart_agent: restartAgent,
} as const satisfies Readonly<Record<string, VerbDefinition>>;

export type Verb = keyof typeof catalogue;
export type VerbArguments<V extends Verb> = z.output<(typeof catalogue)[V]['arguments']>;
export type VerbResult<V extends Verb> = z.output<(typeof catalogue)[V]['result']>;

export const isVerb = (verb: string): verb is Verb => Object.hasOwn(catalogue, verb);

/** Undefined for a verb that is not in the catalogue. */
export function findVerb(verb: string): VerbDefinition | undefined {
  return isVerb(verb) ? catalogue[verb] : undefined;
}

/** @throws AppError UNKNOWN_VERB */
export function requireVerb(verb: string): VerbDefinition {
  const definition = findVerb(verb);
  if (definition === undefined) throw new AppError('UNKNOWN_VERB', 'the verb is not in the catalogue');
  return definition;
}

/**
 * Validates arguments in clear (none of them sealed) and fills in defaults.
 *
 * @throws AppError UNKNOWN_VERB; VALIDATION_FAILED with `meta.errors[{path, msg}]`, paths led by `pathPrefix`
 */
export function parseArguments<V extends Verb>(verb: V, args: unknown, pathPrefix?: string): VerbArguments<V>;
export function parseArguments(verb: string, args: unknown, pathPrefix?: string): Record<string, unknown>;
export function parseArguments(verb: string, args: unknown, pathPrefix = ''): Record<string, unknown> {
  const parsed = requireVerb(verb).arguments.safeParse(args);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error.issues).map(({ path, msg }) => ({
    path: [pathPrefix, path].filter(Boolean).join('.'),
    msg,
  }));
  const named = errors.map(({ path, msg }) => (path === '' ? msg : `${path}: ${msg}`)).join('; ');
  throw new AppError('VALIDATION_FAILED', `invalid arguments: ${named}`.slice(0, 1_000), {
    meta: { errors },
  });
}

/**
 * What a successful run of the verb put out, checked against its result schema: an object for `json` verbs, text
 * for the others.
 *
 * @throws AppError UNKNOWN_VERB; SCHEMA_MISMATCH
 */
export function parseResult<V extends Verb>(verb: V, stdout: string): VerbResult<V>;
export function parseResult(verb: string, stdout: string): unknown;
export function parseResult(verb: string, stdout: string): unknown {
  const definition = requireVerb(verb);
  if (definition.resultFormat === 'text') return stdout;
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    throw new AppError('SCHEMA_MISMATCH', 'the result is not JSON');
  }
  const parsed = definition.result.safeParse(value);
  if (!parsed.success) throw new AppError('SCHEMA_MISMATCH', 'the result does not match its schema');
  return parsed.data;
}

/** The catalogue as it is published; `arguments` is JSON Schema (draft 2020-12) of what a caller may send. */
export function describeVerbs(): VerbDescription[] {
  return Object.values(catalogue).map((definition: VerbDefinition) => ({
    verb: definition.verb,
    title: definition.title,
    description: definition.description,
    risk: definition.risk,
    timeout_s: definition.timeout_s,
    idempotent: definition.idempotent,
    arguments: z.toJSONSchema(definition.arguments, { io: 'input' }),
    secret_arguments: [...definition.secretArguments],
  }));
}
