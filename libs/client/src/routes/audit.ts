import {
  auditPage,
  auditReported,
  auditVerification,
  type auditExportQuery,
  type auditListQuery,
  type auditReport,
  type auditVerifyQuery,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

const root = '/admin/api/audit';

export const auditRoutes = (http: Transport) => ({
  list: (query: Partial<z.input<typeof auditListQuery>> = {}, options?: CallOptions) =>
    http.call(auditPage, { method: 'GET', path: root, query: query as Record<string, string>, options }),
  /** Walks the whole chain. With a place that was kept elsewhere, that too must lie in it. */
  verify: (known: z.output<typeof auditVerifyQuery> = {}, options?: CallOptions) =>
    http.call(auditVerification, { method: 'GET', path: `${root}/verify`, query: known, options }),
  /** The raw answer, its body not yet read: JSON lines or CSV, oldest first. */
  export: (
    format: 'jsonl' | 'csv',
    options?: CallOptions,
    filters: Omit<Partial<z.input<typeof auditExportQuery>>, 'format'> = {},
  ) =>
    http.open({
      method: 'GET',
      path: `${root}/export`,
      query: { ...filters, format },
      accept: '*/*',
      options,
    }),
  report: (body: z.input<typeof auditReport>, options?: WriteOptions) =>
    http.call(auditReported, { method: 'POST', path: '/api/v1/audit', body, options }),
  recent: (query: { hours?: number; user_id?: string } = {}, options?: CallOptions) =>
    http.call(auditPage, { method: 'GET', path: '/api/v1/audit/recent', query, options }),
});
