import {
  administrator,
  administratorCreate,
  administratorPage,
  administratorPatch,
  passwordChange,
  secondFactorCode,
  secondFactorCreated,
} from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { AdministratorService } from '../services/administrator-service';
import type { SecondFactorService } from '../services/second-factor-service';
import { idParams, listOptions, noBody, pageQuery } from './schemas';

const root = '/admin/api/administrators';

export const administratorRoutes = (administrators: AdministratorService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'access:read',
    summary: 'People who may sign in, newest first',
    query: pageQuery,
    status: 200,
    response: administratorPage,
    handler: async ({ query }) => ({ body: await administrators.list(listOptions(query)) }),
  }),
  defineRoute({
    method: 'POST',
    path: root,
    access: 'access:write',
    summary: 'Lets a person sign in',
    body: administratorCreate,
    status: 201,
    response: administrator,
    handler: async (input) => ({ body: await administrators.create(input, input.body) }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id`,
    access: 'access:read',
    summary: 'One of them',
    params: idParams,
    status: 200,
    response: administrator,
    handler: async ({ params }) => ({ body: await administrators.get(params.id) }),
  }),
  defineRoute({
    method: 'PATCH',
    path: `${root}/:id`,
    access: 'access:write',
    summary: 'Changes role, scope or password, disables, or takes a lost second factor away',
    params: idParams,
    body: administratorPatch,
    status: 200,
    response: administrator,
    handler: async (input) => ({ body: await administrators.update(input, input.params.id, input.body) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:id`,
    access: 'access:write',
    summary: 'Deletes the account with its sessions',
    params: idParams,
    status: 204,
    handler: async (input) => {
      await administrators.delete(input, input.params.id);
      return {};
    },
  }),
];

/** What people do with their own account. */
export const ownAccountRoutes = (
  administrators: AdministratorService,
  secondFactor: SecondFactorService,
): Route[] => [
  defineRoute({
    method: 'POST',
    path: '/admin/api/me/password',
    access: 'authenticated',
    summary: 'Changes one’s own password; every session ends',
    body: passwordChange,
    status: 204,
    handler: async (input) => {
      await administrators.changePassword(input, input.body);
      return {};
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/api/me/second-factor',
    access: 'authenticated',
    summary: 'A secret for an authenticator app, shown once; it counts when it was confirmed',
    body: noBody,
    status: 201,
    response: secondFactorCreated,
    handler: async (input) => ({ body: await secondFactor.propose(input) }),
  }),
  ...(['confirm', 'remove'] as const).map((action) =>
    defineRoute({
      method: 'POST',
      path: `/admin/api/me/second-factor/${action}`,
      access: 'authenticated',
      summary:
        action === 'confirm'
          ? 'Shows by a code that the app has the secret: from now on it is needed'
          : 'Removes the second factor, by a code of it',
      body: secondFactorCode,
      status: 204,
      handler: async (input) => {
        await secondFactor[action](input, input.body.code);
        return {};
      },
    }),
  ),
];
