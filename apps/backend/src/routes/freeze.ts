import { freezeRequest, freezeState } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { FreezeService } from '../services/freeze-service';

const path = '/admin/api/freeze';

/** Stopping is for everybody who may run commands; letting them run again is not. */
export const freezeRoutes = (service: FreezeService): Route[] => [
  defineRoute({
    method: 'GET',
    path,
    access: 'commands:read',
    summary: 'Whether commands are frozen, and why',
    status: 200,
    response: freezeState,
    handler: async () => ({ body: await service.state() }),
  }),
  defineRoute({
    method: 'POST',
    path,
    access: 'commands:freeze',
    summary: 'Emergency stop: no command is accepted or sent until released',
    body: freezeRequest,
    status: 200,
    response: freezeState,
    handler: async (input) => ({ body: await service.freeze(input, input.body.reason) }),
  }),
  defineRoute({
    method: 'DELETE',
    path,
    access: 'system:write',
    summary: 'Ends the emergency stop',
    status: 200,
    response: freezeState,
    handler: async (input) => ({ body: await service.release(input) }),
  }),
];
