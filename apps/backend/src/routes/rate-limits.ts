import { ratePolicy, rateStandings, rateStandingsQuery } from '@viw/contracts';
import type { RatePolicy, RateStandings } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import { addressKey, callerKey } from '../rate-limits/rate-guard';
import type { RateLimits } from '../rate-limits/rate-limits';

const ofAddress = ['address', 'sign_in', 'sign_in_return', 'agent'] as const satisfies RatePolicy[];
const ofCaller = ratePolicy.options.filter((policy) => !ofAddress.includes(policy as 'address'));

async function standings(
  limits: RateLimits,
  asked: readonly (readonly [readonly RatePolicy[], string | undefined])[],
): Promise<RateStandings> {
  const looks = asked.flatMap(([policies, key]) =>
    key === undefined ? [] : policies.map((policy) => limits.look(policy, key)),
  );
  return { items: (await Promise.all(looks)).filter((standing) => standing !== undefined) };
}

export const rateLimitRoutes = (limits: RateLimits): Route[] => [
  defineRoute({
    method: 'GET',
    path: '/admin/api/me/rate-limits',
    access: 'authenticated',
    summary: 'How the caller stands with every limit',
    status: 200,
    response: rateStandings,
    handler: async ({ caller, request }) => ({
      body: await standings(limits, [
        [['address'], addressKey(request.address)],
        [ofCaller, callerKey(caller)],
      ]),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/api/rate-limits',
    access: 'system:read',
    summary: 'How an address, API client or administrator stands with every limit',
    query: rateStandingsQuery,
    status: 200,
    response: rateStandings,
    handler: async ({ query: { address, api_client: client, administrator } }) => ({
      body: await standings(limits, [
        [ofAddress, address === undefined ? undefined : addressKey(address)],
        [ofCaller, client === undefined ? undefined : callerKey({ kind: 'api_client', id: client })],
        [
          ofCaller,
          administrator === undefined ? undefined : callerKey({ kind: 'administrator', id: administrator }),
        ],
      ]),
    }),
  }),
];
