import { verbPolicyChanged, verbPolicyDeleteQuery, verbPolicyList, verbPolicyPut } from '@viw/contracts';
import { z } from 'zod';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { VerbPolicyService } from '../services/verb-policy-service';

const root = '/admin/api/verb-policies';
const verbParams = z.strictObject({ verb: z.string().max(64) });

export const verbPolicyRoutes = (policies: VerbPolicyService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'commands:read',
    summary:
      'Who may run a verb, where, and whether a second person has to approve; verbs without a policy are not listed',
    status: 200,
    response: verbPolicyList,
    handler: async ({ caller }) => ({ body: { items: await policies.list(caller) } }),
  }),
  defineRoute({
    method: 'PUT',
    path: `${root}/:verb`,
    access: 'policies:write',
    summary:
      'Replaces the policy of a verb; weaker than one that asks for a second person, it waits for one itself',
    params: verbParams,
    body: verbPolicyPut,
    status: 200,
    response: verbPolicyChanged,
    handler: async (input) => ({ body: await policies.set(input, input.params.verb, input.body) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${root}/:verb`,
    access: 'policies:write',
    summary: 'Deletes the policy of a verb; one that asks for a second person waits for one itself',
    params: verbParams,
    query: verbPolicyDeleteQuery,
    status: 200,
    response: verbPolicyChanged,
    handler: async (input) => ({
      body: await policies.delete(input, input.params.verb, input.query.version),
    }),
  }),
];
