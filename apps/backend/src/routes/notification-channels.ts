import {
  deliveryListQuery,
  deliveryPage,
  notificationChannel,
  notificationChannelChange,
  notificationChannelCreate,
  notificationChannelCreated,
  notificationChannelPage,
  secretRotate,
  secretRotated,
  testAccepted,
} from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { NotificationChannelService } from '../services/notification-channel-service';
import { idParams, listOptions, noBody, pageQuery } from './schemas';

const root = '/admin/api/notification-channels';

export const notificationChannelRoutes = (channels: NotificationChannelService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'system:read',
    summary: 'Where notifications go, newest first',
    query: pageQuery,
    status: 200,
    response: notificationChannelPage,
    handler: async ({ caller, query }) => ({ body: await channels.list(caller, listOptions(query)) }),
  }),
  defineRoute({
    method: 'POST',
    path: root,
    access: 'system:write',
    summary: 'A new receiver; this answer is the only one that shows the secret that signs',
    body: notificationChannelCreate,
    status: 201,
    response: notificationChannelCreated,
    handler: async (input) => ({ body: await channels.create(input, input.body) }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id`,
    access: 'system:read',
    summary: 'One of them, and how it goes',
    params: idParams,
    status: 200,
    response: notificationChannel,
    handler: async ({ caller, params }) => ({ body: await channels.get(caller, params.id) }),
  }),
  defineRoute({
    method: 'PATCH',
    path: `${root}/:id`,
    access: 'system:write',
    summary: 'Changes what is named; what waits for it stays',
    params: idParams,
    body: notificationChannelChange,
    status: 200,
    response: notificationChannel,
    handler: async (input) => ({ body: await channels.change(input, input.params.id, input.body) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:id`,
    access: 'system:write',
    summary: 'Deletes it with everything that waits for it',
    params: idParams,
    status: 204,
    handler: async (input) => {
      await channels.delete(input, input.params.id);
      return {};
    },
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/test`,
    access: 'system:write',
    summary: 'Has a test delivered; what comes of it stands among its deliveries',
    params: idParams,
    body: noBody,
    status: 202,
    response: testAccepted,
    handler: async (input) => ({
      body: await channels.test(input, input.params.id),
      headers: { Location: `${root}/${encodeURIComponent(input.params.id)}/deliveries` },
    }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/rotate-secret`,
    access: 'system:write',
    summary: 'A new secret, shown only here; the former one signs too for a while',
    params: idParams,
    body: secretRotate,
    status: 200,
    response: secretRotated,
    handler: async (input) => ({
      body: await channels.rotateSecret(input, input.params.id, input.body.overlap_s),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id/deliveries`,
    access: 'system:read',
    summary: 'What was or is to be delivered to it, newest first',
    params: idParams,
    query: deliveryListQuery,
    status: 200,
    response: deliveryPage,
    handler: async ({ params, query }) => ({
      body: await channels.deliveries(params.id, listOptions(query)),
    }),
  }),
];
