import { systemState } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { SystemService } from '../services/system-service';

export const systemRoutes = (system: SystemService): Route[] => [
  defineRoute({
    method: 'GET',
    path: '/admin/api/system',
    access: 'system:read',
    summary: 'Processes that are there, how far streams are read, and what waits to be published',
    status: 200,
    response: systemState,
    handler: async () => ({ body: await system.state() }),
  }),
];
