import { problem, type Problem } from '@viw/contracts';

/** The backend refused or failed; `code` is stable and meant for programs, `detail` for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  /** Which fields of the request were refused, and why. */
  readonly errors: readonly { path: string; msg: string }[];
  readonly correlationId: string | undefined;
  /** Seconds of the Retry-After header (429, 503). */
  readonly retryAfterS: number | undefined;

  constructor(answer: Problem, retryAfterS?: number) {
    super(answer.detail ?? answer.title);
    this.status = answer.status;
    this.code = answer.code;
    this.title = answer.title;
    this.detail = answer.detail;
    this.errors = answer.errors ?? [];
    this.correlationId = answer.correlation_id;
    this.retryAfterS = retryAfterS;
  }
}

/** No answer at all: refused connection, broken connection, DNS. Whether a write took effect is not known. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  /** Of the request: nothing has changed by a GET. */
  readonly method: string | undefined;

  constructor(message: string, { method, ...options }: ErrorOptions & { readonly method?: string } = {}) {
    super(message, options);
    this.method = method;
  }
}

/** An answer came that is not what the contract says; nothing in it is used. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';
}

/** Reads an RFC 9457 answer. A proxy's own error page has no `code`: it becomes `HTTP_<status>`. */
export const apiErrorFrom = async (response: Response): Promise<ApiError> => {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterS = Number.isFinite(retryAfter) ? retryAfter : undefined;
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = problem.safeParse(body);
  if (parsed.success) return new ApiError(parsed.data, retryAfterS);
  const title = response.statusText || `HTTP ${response.status}`;
  return new ApiError(
    { type: 'about:blank', title, status: response.status, code: `HTTP_${response.status}` },
    retryAfterS,
  );
};
