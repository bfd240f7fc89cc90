import {
  deadLetterDetail,
  deadLetterPage,
  deadLetterReplayed,
  type deadLetterListQuery,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

export type DeadLetterListQuery = Partial<z.output<typeof deadLetterListQuery>>;

const root = '/admin/api/dead-letters';
const one = (id: string): string => `${root}/${encodeURIComponent(id)}`;

/** Stream entries that could not be handled and were set aside. */
export const deadLetterRoutes = (http: Transport) => ({
  list: (query: DeadLetterListQuery = {}, options?: CallOptions) =>
    http.call(deadLetterPage, { method: 'GET', path: root, query, options }),
  get: (id: string, options?: CallOptions) =>
    http.call(deadLetterDetail, { method: 'GET', path: one(id), options }),
  /** Back into its stream; `decodable: false` in the answer means that it will be set aside again. */
  replay: (id: string, options?: WriteOptions) =>
    http.call(deadLetterReplayed, { method: 'POST', path: `${one(id)}/replay`, body: {}, options }),
  /** Deletes it for good. */
  discard: (id: string, options?: WriteOptions): Promise<void> =>
    http.send({ method: 'POST', path: `${one(id)}/discard`, body: {}, options }),
});
