import type { ServerResponse } from 'node:http';
import type { RatePolicy, RateStanding } from '@viw/contracts';
import { AppError, sourceNetwork } from '@viw/runtime';
import { readBrowserToken } from '../auth/oidc/browser-token';
import type { Caller } from '../auth/caller';
import type { CookieOptions } from '../auth/session-cookie';
import type { RequestFacts } from '../http/route';
import type { RateLimits } from './rate-limits';

interface Called {
  readonly method: string;
  readonly path: string;
  readonly access: string;
}

/** What costs more than an answer from an index. */
const heavy: ReadonlySet<string> = new Set([
  'GET /admin/api/audit/verify',
  'GET /admin/api/audit/export',
  'GET /api/v1/certificates/survival',
]);
/** Without a caller: by address. */
const open: Readonly<Record<string, RatePolicy>> = {
  'POST /admin/api/setup': 'sign_in',
  'POST /admin/api/session': 'sign_in',
  'POST /admin/api/sign-in/oidc': 'sign_in',
  'GET /admin/api/sign-in/oidc/callback': 'sign_in_return',
  'POST /agent/enroll': 'agent',
  'POST /agent/renew': 'agent',
};

/** What nobody but its caller may hold up, whatever comes from the same address. */
const emergency = 'POST /admin/api/freeze';

/** Any web page can have the browsers of a whole office ask for an address: that must not use up what their people sign in by. */
function assertNotForced(policy: RatePolicy, headers: RequestFacts['headers']): void {
  if (policy === 'sign_in' && headers['sec-fetch-site'] === 'cross-site')
    throw new AppError('FORBIDDEN', 'Another site has made the browser ask for this');
}

function policyOf({ method, path, access }: Called): RatePolicy | undefined {
  const name = `${method} ${path}`;
  if (name === emergency) return 'emergency';
  if (access === 'public') return open[name];
  if (heavy.has(name)) return 'heavy';
  return method === 'GET' ? 'read' : 'write';
}

export const addressKey = (address: string): string => sourceNetwork(address);
export const callerKey = ({ kind, id }: Pick<Caller, 'kind' | 'id'>): string => `${kind}:${id}`;

/** Every request counts against its address, and against its caller by what it asks for; answers say how it stands. */
export class RateGuard {
  constructor(
    private readonly options: { readonly cookies: CookieOptions },
    private readonly deps: { readonly limits: Pick<RateLimits, 'count'> },
  ) {}

  /**
   * @param request its method and path as they came. The emergency stop passes: `admitCaller` counts it against its
   *   caller, and against the address when it turns out to be nobody's.
   * @throws AppError RATE_LIMITED
   */
  async admitAddress(
    request: { readonly method: string; readonly path: string },
    { address }: RequestFacts,
    response: ServerResponse,
  ): Promise<void> {
    if (`${request.method} ${request.path}` === emergency) return;
    await this.#count('address', addressKey(address), response);
  }

  /** @param caller undefined: nobody in particular. @throws AppError RATE_LIMITED; FORBIDDEN for a sign-in from a page of another site */
  async admitCaller(
    route: Called,
    caller: Caller | undefined,
    { address, headers }: RequestFacts,
    response: ServerResponse,
  ): Promise<void> {
    const policy = policyOf(route);
    if (caller !== undefined) {
      if (policy !== undefined) await this.#count(policy, callerKey(caller), response);
      return;
    }
    // Where a caller is needed the request has been counted already, except at the emergency stop.
    const counted = policy === 'emergency' ? 'address' : route.access === 'public' ? policy : undefined;
    if (counted === undefined || !this.#beganHere(counted, headers)) return;
    assertNotForced(counted, headers);
    await this.#count(counted, addressKey(address), response);
  }

  /** Who is led back from a provider without having begun here is turned away at no cost, and counts for `address` alone. */
  #beganHere(policy: RatePolicy, { cookie }: RequestFacts['headers']): boolean {
    return policy !== 'sign_in_return' || readBrowserToken(cookie, this.options.cookies) !== undefined;
  }

  async #count(policy: RatePolicy, key: string, response: ServerResponse): Promise<void> {
    const standing = await this.deps.limits.count(policy, key);
    if (standing === undefined) return;
    tell(response, standing);
    if (standing.exceeded)
      throw new AppError(
        'RATE_LIMITED',
        `More than ${standing.quota} requests in ${standing.window_s} s (${policy})`,
        {
          meta: { retry_after_s: standing.reset_s },
        },
      );
  }
}

/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), an item for each policy that counted. */
function tell(response: ServerResponse, { policy, quota, window_s, remaining, reset_s }: RateStanding): void {
  const add = (name: string, item: string): void => {
    const before = response.getHeader(name);
    response.setHeader(name, typeof before === 'string' ? `${before}, ${item}` : item);
  };
  add('RateLimit-Policy', `"${policy}";q=${quota};w=${window_s}`);
  add('RateLimit', `"${policy}";r=${remaining};t=${reset_s}`);
}
