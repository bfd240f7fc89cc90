/** A problem document (RFC 7807, RFC 8555 section 6.7) with what HTTP said about it. */
export interface AcmeProblem {
  /** Without the prefix `urn:ietf:params:acme:error:`; `unknown` when the CA named none. */
  type: string;
  status: number;
  detail: string;
  /** The identifier it is about: of a subproblem, or of the authorization it was found in. */
  identifier?: string;
  subproblems: { type: string; detail: string; identifier?: string }[];
  /** From Retry-After; undefined when the CA sent none or nonsense. */
  retryAt?: Date;
}

const PREFIX = 'urn:ietf:params:acme:error:';
/** A CA's words are foreign text: bounded, and on one line. */
const MAX_DETAIL = 1_000;

/** Never throws, whatever the CA sent. */
export function parseProblem(body: unknown, status: number, retryAfter?: unknown): AcmeProblem {
  const document = isRecord(body) ? body : {};
  const subproblems = Array.isArray(document['subproblems'])
    ? document['subproblems'].slice(0, 100).filter(isRecord)
    : [];
  const identifier = identifierOf(document);
  const retryAt = parseRetryAfter(retryAfter, new Date());
  return {
    type: shortType(document['type']),
    status: typeof document['status'] === 'number' ? document['status'] : status,
    detail: words(document['detail']) || `HTTP ${status}`,
    ...(identifier !== undefined && { identifier }),
    subproblems: subproblems.map((sub) => {
      const about = identifierOf(sub);
      return {
        type: shortType(sub['type']),
        detail: words(sub['detail']),
        ...(about !== undefined && { identifier: about }),
      };
    }),
    ...(retryAt && { retryAt }),
  };
}

const DAY_MS = 86_400_000;
/** The longest time for which a CA limits anything; who waited longer would let certificates end. */
const LONGEST_WAIT_MS = 7 * DAY_MS;

/**
 * Seconds or an HTTP date (RFC 9110 section 10.2.3), no later than in 7 days. An instant in the past, or more than 30 days
 * off, counts as none.
 */
export function parseRetryAfter(value: unknown, now: Date): Date | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).trim();
  const time = /^\d+$/.test(text) ? now.getTime() + Number(text) * 1_000 : Date.parse(text);
  if (!Number.isFinite(time) || time < now.getTime() || time > now.getTime() + 30 * DAY_MS) return undefined;
  return new Date(Math.min(time, now.getTime() + LONGEST_WAIT_MS));
}

function shortType(type: unknown): string {
  if (typeof type !== 'string' || type === '' || type === 'about:blank') return 'unknown';
  return (type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type).slice(0, 100);
}

function identifierOf(document: Record<string, unknown>): string | undefined {
  const identifier = document['identifier'];
  return isRecord(identifier) && typeof identifier['value'] === 'string'
    ? identifier['value'].slice(0, 260)
    : undefined;
}

function words(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\s+/g, ' ').trim().slice(0, MAX_DETAIL) : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
