import { ApiError, UnexpectedAnswerError, UnreachableError } from '@viw/client';
import { AppError } from '@viw/runtime';
import { exitStatus, type ExitStatus } from './exit-status';

/** What went wrong, for people and for programs. Holds nothing secret: what the backend says, or words of ours. */
export interface Failure {
  readonly exit: ExitStatus;
  /** Stable, for programs. */
  readonly code: string;
  readonly title: string;
  readonly detail?: string | undefined;
  /** Which values were refused, and why. */
  readonly errors?: readonly { readonly path: string; readonly msg: string }[];
  /** What can be done about it. */
  readonly advice?: string | undefined;
  /** By which the backend's log and audit log know the request. */
  readonly correlation_id?: string | undefined;
  readonly retry_after_s?: number | undefined;
}

/** No answer came to what was asked for by this id: it may have been accepted. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';

  constructor(
    /** As it is typed. */
    readonly lookBy: string,
    readonly correlationId: string,
    override readonly cause: unknown,
  ) {
    super('no answer');
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof OutcomeUnknown)
    return {
      ...failureOf(error.cause),
      advice: `Whether it was accepted is not known: ${error.lookBy}`,
      correlation_id: error.correlationId,
    };
  if (error instanceof ApiError) return refusal(error);
  if (error instanceof UnreachableError) return unreachable(error);
  if (error instanceof UnexpectedAnswerError)
    return {
      exit: exitStatus.failed,
      code: 'UNEXPECTED_ANSWER',
      title: 'The answer is none of a viw backend of this version',
      detail: error.message,
      advice: 'Is VIW_URL right? If it is, use the command line of the same version as the backend.',
    };
  if (error instanceof AppError) return ofOurs(error);
  return { exit: exitStatus.failed, code: 'INTERNAL_ERROR', title: 'viw failed', detail: unforeseen(error) };
}

/** Whether the same call may succeed a moment later. */
export const isPassing = (error: unknown): boolean =>
  error instanceof UnreachableError ||
  (error instanceof ApiError && (error.status === 429 || isDown(error.status)));

const isDown = (status: number): boolean => status >= 502 && status <= 504;

const exitOf = (code: string): ExitStatus => {
  if (code === 'BAD_REQUEST' || code === 'CONFIG_INVALID') return exitStatus.usage;
  return code === 'UNAVAILABLE' ? exitStatus.unavailable : exitStatus.failed;
};

const ofOurs = ({ code, title, message, meta }: AppError): Failure => ({
  exit: exitOf(code),
  code,
  title: code === 'BAD_REQUEST' ? 'The command line is wrong' : title,
  ...(message !== title && { detail: message }),
  ...(meta.errors && { errors: meta.errors }),
  ...(typeof meta['advice'] === 'string' && { advice: meta['advice'] }),
});

/** Its message may quote what it was about. */
const unforeseen = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.name : 'unknown reason');

function refusal(error: ApiError): Failure {
  const { status, code, title, detail, errors, correlationId, retryAfterS } = error;
  return {
    exit: isDown(status) ? exitStatus.unavailable : exitStatus.failed,
    ...{ code, title, detail, advice: adviceFor(error) },
    ...(errors.length > 0 && { errors }),
    correlation_id: correlationId,
    retry_after_s: retryAfterS,
  };
}

const adviceByCode: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'The key is wrong, revoked or expired: an administrator makes a new one.',
  FORBIDDEN: 'The role or scope of this key does not allow it: ask an administrator.',
  NOT_FOUND: 'It does not exist, or lies outside the scope of this key.',
  FROZEN: '"viw freeze status" says since when and why.',
  UNKNOWN_VERB: '"viw commands verbs" lists what can be run.',
};

function adviceFor({ status, code, retryAfterS }: ApiError): string | undefined {
  if (status === 429 || status === 503)
    return retryAfterS === undefined ? 'Try again in a while.' : `Try again in ${retryAfterS} s.`;
  if (status >= 300 && status < 400)
    return 'VIW_URL leads elsewhere: name the address behind the redirection.';
  return adviceByCode[code];
}

const adviceByCause: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens at VIW_URL: is the backend running, and the port right?',
  ENOTFOUND: 'The name in VIW_URL is not known.',
  EAI_AGAIN: 'The name in VIW_URL cannot be looked up just now.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another name than the one in VIW_URL.',
  CERT_HAS_EXPIRED: 'The certificate of the backend has expired.',
};
const untrusted =
  'Nobody that is trusted here vouches for its certificate: set VIW_CA_FILE to the authority of the backend.';

/** Node's and OpenSSL's name of what happened, such as ECONNREFUSED. */
function causeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Object && depth < 5; depth++) {
    const { code, cause } = at as { code?: unknown; cause?: unknown };
    if (typeof code === 'string') return code;
    at = cause;
  }
  return undefined;
}

/** Before anything was sent. */
const neverSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|CERT_.*|ERR_TLS_.*|UND_ERR_CONNECT_TIMEOUT|.*(SELF_SIGNED|UNABLE_TO|UNTRUSTED).*)$/;

function unreachable({ cause: reason, method }: UnreachableError): Failure {
  const cause = causeOf(reason) ?? '';
  const isTrust = /SELF_SIGNED|UNABLE_TO|UNTRUSTED/.test(cause);
  const advice = isTrust ? untrusted : (adviceByCause[cause] ?? 'Is VIW_URL right, and the network there?');
  const mayHaveArrived = method !== undefined && method !== 'GET' && !neverSent.test(cause);
  return {
    exit: exitStatus.unavailable,
    code: 'UNREACHABLE',
    title: 'The backend cannot be reached',
    ...(cause !== '' && { detail: cause }),
    advice: mayHaveArrived ? `Whether it took effect is not known: look first. ${advice}` : advice,
  };
}
