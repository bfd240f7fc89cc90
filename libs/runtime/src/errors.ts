/**
 * Every error that crosses a boundary of ours (HTTP answer, frame, stream entry, log line) has one of these codes.
 * The table is the only place that says which HTTP status a code becomes and whether the same request may
 * succeed later without anybody changing anything (`retryable`).
 */
export const ERROR_TABLE = {
  BAD_REQUEST: { status: 400, title: 'The request cannot be understood', retryable: false },
  VALIDATION_FAILED: { status: 400, title: 'The request has invalid values', retryable: false },
  UNAUTHENTICATED: { status: 401, title: 'Sign-in required', retryable: false },
  SECOND_FACTOR_REQUIRED: { status: 401, title: 'A code of the second factor is needed', retryable: false },
  FORBIDDEN: { status: 403, title: 'Not allowed', retryable: false },
  NOT_FOUND: { status: 404, title: 'Not found', retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed', retryable: false },
  CONFLICT: { status: 409, title: 'Conflict with the present state', retryable: false },
  ALREADY_EXISTS: { status: 409, title: 'Already exists', retryable: false },
  FROZEN: { status: 409, title: 'Commands are frozen', retryable: false },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'Request body too large', retryable: false },
  QUEUE_FULL: { status: 429, title: 'Queue full', retryable: true },
  RATE_LIMITED: { status: 429, title: 'Too many requests', retryable: true },
  UNAVAILABLE: { status: 503, title: 'Temporarily unavailable', retryable: true },
  TIMEOUT: { status: 504, title: 'Time limit exceeded', retryable: true },
  CONFIG_INVALID: { status: 500, title: 'Invalid configuration', retryable: false },
  BIND_FAILED: { status: 500, title: 'Cannot listen on the configured address', retryable: false },
  INTERNAL_ERROR: { status: 500, title: 'Internal error', retryable: false },
  // What gateway hosts report.
  SCRIPT_NOT_FOUND: { status: 502, title: 'Script missing on the host', retryable: false },
  EXEC_TIMEOUT: { status: 504, title: 'Execution on the host took too long', retryable: false },
  INVALID_SIGNATURE: { status: 401, title: 'Signature invalid', retryable: false },
  EXPIRED: { status: 410, title: 'Expired', retryable: false },
  REPLAY_DETECTED: { status: 409, title: 'Replay detected', retryable: false },
  UNKNOWN_VERB: { status: 400, title: 'Unknown verb', retryable: false },
  NOT_IMPLEMENTED: { status: 501, title: 'Not implemented on this host', retryable: false },
  SCHEMA_MISMATCH: { status: 400, title: 'Data does not match its schema', retryable: false },
  HELPER_UNAVAILABLE: { status: 503, title: 'Host helper unavailable', retryable: true },
  PERMISSION_DENIED: { status: 403, title: 'Permission denied on the host', retryable: false },
  // Deployment and issuance.
  HOST_KEY_MISMATCH: { status: 409, title: 'SSH host key differs from the pinned one', retryable: false },
  SSH_FAILED: { status: 502, title: 'SSH connection or command failed', retryable: true },
  NGINX_CONFIG_INVALID: { status: 422, title: 'NGINX refuses its configuration', retryable: false },
  SERVICE_CONFIG_INVALID: { status: 422, title: 'The service refuses its configuration', retryable: false },
  DEPLOY_REFUSED: { status: 409, title: 'The server is in no state to deploy to', retryable: false },
  DEPLOY_NOT_PROVEN: { status: 502, title: 'Deployed certificate is not served', retryable: false },
  ACME_REFUSED: { status: 422, title: 'The certificate authority refused', retryable: false },
  ACME_RATE_LIMITED: { status: 429, title: 'Rate limit of the certificate authority', retryable: true },
  ACME_UNAVAILABLE: { status: 503, title: 'The certificate authority is unavailable', retryable: true },
} as const satisfies Record<string, ErrorTableRow>;

export interface ErrorTableRow {
  /** HTTP status of an answer with this code. */
  readonly status: number;
  /** RFC 9457 `title`: the same for every occurrence. */
  readonly title: string;
  readonly retryable: boolean;
}

export type ErrorCode = keyof typeof ERROR_TABLE;

/** One wrong value: where it is (`parameters.username`, `AGENT_BRIDGE_BIND`) and what is wrong, without the value. */
export interface FieldError {
  readonly path: string;
  readonly msg: string;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Facts that may be shown to the caller and logged. Never put a secret or a foreign error's text here. */
export interface ErrorMeta {
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  readonly retry_after_s?: number;
  readonly errors?: readonly FieldError[];
  readonly [name: string]: Json | readonly FieldError[] | undefined;
}

export interface AppErrorOptions {
  readonly meta?: ErrorMeta;
  /** What led to this error. Logged by type, code and place only; never shown to a caller. */
  readonly cause?: unknown;
  /** Overrides the table, for the rare occurrence that differs from its kind. */
  readonly retryable?: boolean;
}

/**
 * The one error type of viw. `message` and `meta` are safe to show to whoever caused the error; `cause` is not.
 *
 * @example throw new AppError('QUEUE_FULL', 'gw-7 has 100 commands waiting', { meta: { retry_after_s: 5 } });
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly meta: ErrorMeta;

  constructor(code: ErrorCode, message?: string, options: AppErrorOptions = {}) {
    super(message ?? ERROR_TABLE[code].title, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_TABLE[code].retryable;
    this.meta = options.meta ?? {};
  }

  get status(): number {
    return ERROR_TABLE[this.code].status;
  }

  get title(): string {
    return ERROR_TABLE[this.code].title;
  }
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_TABLE, code);
}
