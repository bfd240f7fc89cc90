import { alert, alertPage, type alertListQuery } from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

const root = '/admin/api/alerts';

export type AlertListQuery = Partial<z.output<typeof alertListQuery>>;

export const alertRoutes = (http: Transport) => ({
  list: (query: AlertListQuery = {}, options?: CallOptions) =>
    http.call(alertPage, { method: 'GET', path: root, query, options }),
  acknowledge: (id: string, options?: WriteOptions) =>
    http.call(alert, {
      method: 'POST',
      path: `${root}/${encodeURIComponent(id)}/acknowledge`,
      body: {},
      options,
    }),
});
