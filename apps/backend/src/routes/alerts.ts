import { alert, alertListQuery, alertPage } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { AlertService } from '../services/alert-service';
import { idParams, noBody, scopedListOptions } from './schemas';

const root = '/admin/api/alerts';

export const alertRoutes = (alerts: AlertService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'alerts:read',
    summary: 'What people are told of, newest first, and when it was last looked at',
    query: alertListQuery,
    status: 200,
    response: alertPage,
    handler: async (input) => ({ body: await alerts.list(scopedListOptions(input)) }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/acknowledge`,
    access: 'alerts:write',
    summary: 'Says that somebody has seen it; it goes on until whoever raised it clears it',
    params: idParams,
    body: noBody,
    status: 200,
    response: alert,
    handler: async (input) => ({ body: await alerts.acknowledge(input, input.params.id) }),
  }),
];
