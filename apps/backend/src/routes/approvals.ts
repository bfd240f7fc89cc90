import { approval, approvalDecision, approvalListQuery, approvalPage } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { ApprovalService } from '../services/approval-service';
import { idParams, scopedListOptions } from './schemas';

const root = '/admin/api/approvals';

const decisions = [
  ['approve', 'commands:approve', 'Does what was asked for; for a person who has not asked for it'],
  ['reject', 'commands:approve', 'Says no to what was asked for; for a person who has not asked for it'],
  ['withdraw', 'commands:run', 'Takes a request back; for who has asked'],
] as const;

export const approvalRoutes = (approvals: ApprovalService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'commands:read',
    summary: 'What waits for a second person, and what became of it; newest first',
    query: approvalListQuery,
    status: 200,
    response: approvalPage,
    handler: async (input) => ({ body: await approvals.list(input.caller, scopedListOptions(input)) }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id`,
    access: 'commands:read',
    summary: 'One request for an approval',
    params: idParams,
    status: 200,
    response: approval,
    handler: async ({ caller, params }) => ({ body: await approvals.get(caller, params.id) }),
  }),
  ...decisions.map(([action, access, summary]) =>
    defineRoute({
      method: 'POST',
      path: `${root}/:id/${action}`,
      access,
      summary,
      params: idParams,
      body: approvalDecision,
      status: 200,
      response: approval,
      handler: async (input) => ({
        body: await approvals[action](input, input.params.id, input.body.note),
      }),
    }),
  ),
];
