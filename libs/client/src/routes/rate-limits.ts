import { rateStandings, type rateStandingsQuery } from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport } from '../transport';

export const rateLimitRoutes = (http: Transport) => ({
  /** How the caller stands with every limit. */
  mine: (options?: CallOptions) =>
    http.call(rateStandings, { method: 'GET', path: '/admin/api/me/rate-limits', options }),
  of: (query: z.input<typeof rateStandingsQuery>, options?: CallOptions) =>
    http.call(rateStandings, { method: 'GET', path: '/admin/api/rate-limits', query, options }),
});
