import {
  deliveryPage,
  notificationChannel,
  notificationChannelCreated,
  notificationChannelPage,
  secretRotated,
  testAccepted,
  type deliveryListQuery,
  type notificationChannelChange,
  type notificationChannelCreate,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

const root = '/admin/api/notification-channels';
const one = (id: string): string => `${root}/${encodeURIComponent(id)}`;

export const notificationChannelRoutes = (http: Transport) => ({
  list: (query: { readonly limit?: number; readonly cursor?: string } = {}, options?: CallOptions) =>
    http.call(notificationChannelPage, { method: 'GET', path: root, query, options }),
  /** The answer is the only one that shows the secret. */
  create: (body: z.input<typeof notificationChannelCreate>, options?: WriteOptions) =>
    http.call(notificationChannelCreated, { method: 'POST', path: root, body, options }),
  get: (id: string, options?: CallOptions) =>
    http.call(notificationChannel, { method: 'GET', path: one(id), options }),
  change: (id: string, body: z.input<typeof notificationChannelChange>, options?: WriteOptions) =>
    http.call(notificationChannel, { method: 'PATCH', path: one(id), body, options }),
  delete: (id: string, options?: WriteOptions) => http.send({ method: 'DELETE', path: one(id), options }),
  /** What comes of it stands among the deliveries. */
  test: (id: string, options?: WriteOptions) =>
    http.call(testAccepted, { method: 'POST', path: `${one(id)}/test`, body: {}, options }),
  rotateSecret: (id: string, overlapS?: number, options?: WriteOptions) =>
    http.call(secretRotated, {
      method: 'POST',
      path: `${one(id)}/rotate-secret`,
      body: overlapS === undefined ? {} : { overlap_s: overlapS },
      options,
    }),
  deliveries: (id: string, query: Partial<z.output<typeof deliveryListQuery>> = {}, options?: CallOptions) =>
    http.call(deliveryPage, { method: 'GET', path: `${one(id)}/deliveries`, query, options }),
});
