import { acmeAccount, acmeAccountCreate, acmeAccountPage, acmeAccountPatch } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { AcmeAccountService } from '../services/acme-account-service';
import { idParams, listOptions, pageQuery } from './schemas';

const root = '/api/v1/acme-accounts';

export const acmeAccountRoutes = (accounts: AcmeAccountService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'system:read',
    summary: 'Accounts at ACME directories, newest first; those of the configuration are read-only',
    query: pageQuery,
    status: 200,
    response: acmeAccountPage,
    handler: async ({ query }) => ({ body: await accounts.list(listOptions(query)) }),
  }),
  defineRoute({
    method: 'POST',
    path: root,
    access: 'system:write',
    summary: 'Makes an account, which a cert-worker registers; its state says how far that is',
    body: acmeAccountCreate,
    status: 202,
    response: acmeAccount,
    handler: async (input) => {
      const made = await accounts.create(input, input.body);
      return { body: made, headers: { Location: `${root}/${made.id}` } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id`,
    access: 'system:read',
    summary: 'One account and what it has come to',
    params: idParams,
    status: 200,
    response: acmeAccount,
    handler: async ({ params }) => ({ body: await accounts.get(params.id) }),
  }),
  defineRoute({
    method: 'PATCH',
    path: `${root}/:id`,
    access: 'system:write',
    summary: 'Changes an account and has it registered once more',
    params: idParams,
    body: acmeAccountPatch,
    status: 202,
    response: acmeAccount,
    handler: async (input) => ({ body: await accounts.change(input, input.params.id, input.body) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:id`,
    access: 'system:write',
    summary: 'Has an account deactivated at its CA, for good, unless certificates are issued by it',
    params: idParams,
    status: 202,
    response: acmeAccount,
    handler: async (input) => ({ body: await accounts.remove(input, input.params.id) }),
  }),
];
