import { AppError, type ErrorMeta } from '@viw/runtime';
import type { Served } from './served-certificate';
import type { Service } from './service/service';
import type { ServerState } from './server-state';

export type SshFailureReason =
  | 'unreachable'
  | 'timeout'
  | 'protocol'
  | 'authentication'
  | 'credential'
  | 'connection'
  | 'exec'
  | 'command'
  | 'sftp'
  | 'file'
  | 'digest'
  | 'forwarding';

/** `before`: found broken, nothing touched. `after`: broken by this deployment, put back. */
export type DeployPhase = 'before' | 'after';

/** `failed`: the server may serve the new certificate or none, and a person has to look. */
export type RollbackOutcome = 'not_needed' | 'done' | 'failed';

export interface RollbackReport {
  /** The new version may have been in service. */
  switched: boolean;
  undone: string[];
  failures: string[];
}

/** Failures that the same attempt meets again until somebody changes something. */
const PERMANENT = new Set<SshFailureReason>(['authentication', 'credential', 'command', 'file']);

export function sshFailed(
  message: string,
  reason: SshFailureReason,
  cause?: Error,
  meta: ErrorMeta = {},
): AppError {
  const retryable = !PERMANENT.has(reason);
  return new AppError('SSH_FAILED', message, {
    meta: { reason, ...meta },
    retryable,
    ...(cause && { cause }),
  });
}

/** What ssh2 says about a connection that did not come about; `level` is its word for the layer that failed. */
export function connectionFailed(
  endpoint: string,
  cause: Error & { level?: string; code?: unknown },
): AppError {
  const reason: SshFailureReason =
    cause.level === 'client-authentication'
      ? 'authentication'
      : cause.level === 'client-timeout'
        ? 'timeout'
        : cause.level === 'client-socket' || cause.level === 'client-dns'
          ? 'unreachable'
          : 'protocol';
  return sshFailed(`cannot connect to ${endpoint}: ${cause.message}`, reason, cause);
}

export function hostKeyMismatch(endpoint: string, expected: string, offered: string): AppError {
  const message = `${endpoint} offers the host key ${offered}, pinned is ${expected}; nothing was authenticated`;
  return new AppError('HOST_KEY_MISMATCH', message, { meta: { expected, offered } });
}

/** The status code that SFTP servers send travels in `meta.sftp_status`. */
export function fileFailed(path: string, words: string, cause?: Error & { code?: unknown }): AppError {
  const meta = { path, ...(typeof cause?.code === 'number' && { sftp_status: cause.code }) };
  return sshFailed(`${path}: ${words}`, 'file', cause, meta);
}

export function isFileError(error: unknown, status: number): boolean {
  return error instanceof AppError && error.meta['sftp_status'] === status;
}

export function commandFailed(name: string, rc: number, output: string): AppError {
  return sshFailed(`${name} cannot be run: ${output}`, 'command', undefined, { rc });
}

/** NGINX has a code of its own, as clients know it. */
export function configurationInvalid(
  { kind, label }: Pick<Service, 'kind' | 'label'>,
  phase: DeployPhase,
  output: string,
  what: string,
): AppError {
  const whose = phase === 'before' ? 'was broken before this deployment' : `is broken with ${what}`;
  const [code, of] =
    kind === 'nginx'
      ? (['NGINX_CONFIG_INVALID', ''] as const)
      : (['SERVICE_CONFIG_INVALID', ` of ${label}`] as const);
  return new AppError(code, `the configuration${of} ${whose}: ${output}`, { meta: { phase, output } });
}

export const isConfigurationInvalid = (error: unknown): boolean =>
  error instanceof AppError &&
  (error.code === 'NGINX_CONFIG_INVALID' || error.code === 'SERVICE_CONFIG_INVALID');

export function reloadFailed(output: string): AppError {
  return new AppError('DEPLOY_NOT_PROVEN', `the reload failed: ${output}`, { meta: { output } });
}

export function deployRefused(message: string): AppError {
  return new AppError('DEPLOY_REFUSED', message);
}

export function notProven(what: string, expected: string | undefined, served: readonly Served[]): AppError {
  const seen = seenOn(served);
  const message = `${what}${expected === undefined ? '' : ` ${expected}`} is not served everywhere: ${shownWhere(served)}`;
  return new AppError('DEPLOY_NOT_PROVEN', message, {
    meta: { listeners: seen, ...(expected !== undefined && { expected }) },
  });
}

const seenOn = (served: readonly Served[]) =>
  served.map(({ listener, fingerprint, error }) => ({
    host: listener.host,
    port: listener.port,
    servername: listener.servername,
    served: fingerprint ?? null,
    ...(error !== undefined && { error }),
  }));

const shownWhere = (served: readonly Served[]): string =>
  seenOn(served)
    .map((s) => `${s.servername} on ${s.host}:${s.port} shows ${s.served ?? `nothing (${s.error ?? ''})`}`)
    .join('; ');

const stateInWords = ({ current, previous, configuration, listeners }: ServerState): string =>
  [
    `current -> ${current ?? 'nothing'}`,
    `previous -> ${previous ?? 'nothing'}`,
    `configuration ${configuration}`,
    ...(listeners.length > 0 ? [shownWhere(listeners)] : []),
  ].join(', ');

/** In the words of a failure whose rollback failed, too. */
export const ROLLBACK_FAILED = 'ROLLBACK FAILED';

/** What a failure of a rollback says must not be cut off behind a long output of what came before it. */
const FEW_WORDS = 600;

function failedRollbackInWords(words: string, failures: readonly string[], state?: ServerState): string {
  const found = state ? `. FOUND AFTERWARDS: ${stateInWords(state)}` : '';
  const failed = failures.join('; ').slice(0, FEW_WORDS);
  return `${words.slice(0, FEW_WORDS)}. ${ROLLBACK_FAILED}: ${failed}${found}`;
}

/** The failure of a deployment together with what became of its rollback. */
export function withRollback(
  error: unknown,
  { switched, undone, failures }: RollbackReport,
  state?: ServerState,
): unknown {
  const rollback: RollbackOutcome = !switched ? 'not_needed' : failures.length > 0 ? 'failed' : 'done';
  if (!(error instanceof AppError) && rollback !== 'failed') return error;
  const meta: ErrorMeta = {
    ...(error instanceof AppError && error.meta),
    rollback,
    ...(undone.length > 0 && { rolled_back: undone }),
    ...(failures.length > 0 && { rollback_error: failures.join('; ') }),
    ...(state && { server_state: { ...state, listeners: seenOn(state.listeners) } }),
  };
  const words = error instanceof AppError ? error.message : 'the deployment failed';
  const message = rollback === 'failed' ? failedRollbackInWords(words, failures, state) : words;
  const code = error instanceof AppError ? error.code : 'INTERNAL_ERROR';
  const retryable = error instanceof AppError && error.retryable;
  return new AppError(code, message, { meta, retryable, cause: error });
}
