import {
  auditExportQuery,
  auditListQuery,
  auditPage,
  auditRecentQuery,
  auditReport,
  auditReported,
  auditVerification,
  auditVerifyQuery,
} from '@viw/contracts';
import type { AuditFilter } from '@viw/database';
import type { z } from 'zod';
import type { Route } from '../http/route';
import { defineRoute, defineStream } from '../http/route';
import type { AuditService } from '../services/audit-service';
import { listOptions } from './schemas';

const root = '/admin/api/audit';

type Filters = Omit<z.output<typeof auditExportQuery>, 'format'>;

const filterOf = (query: Filters): AuditFilter => ({
  actorId: query.actor_id,
  action: query.action,
  objectKind: query.object_kind,
  objectId: query.object_id,
  outcome: query.outcome,
  correlationId: query.correlation_id,
  from: query.from,
  to: query.to,
});

export const auditRoutes = (audit: AuditService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'audit:read',
    summary: 'The audit log, newest first',
    query: auditListQuery,
    status: 200,
    response: auditPage,
    handler: async ({ query }) => ({ body: await audit.list({ ...listOptions(query), ...filterOf(query) }) }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/verify`,
    access: 'audit:read',
    summary: 'Walks the hash chain: what was changed, removed or moved is found',
    query: auditVerifyQuery,
    status: 200,
    response: auditVerification,
    handler: async ({ query: { seq, hash } }) => ({
      body: await audit.verify(seq === undefined || hash === undefined ? undefined : { seq, hash }),
    }),
  }),
  defineStream({
    method: 'GET',
    path: `${root}/export`,
    access: 'audit:read',
    summary: 'The audit log as JSON lines or CSV, oldest first',
    query: auditExportQuery,
    status: 200,
    content: ['application/jsonl', 'text/csv'],
    open: ({ caller, request, query: { format, ...filters } }, response) =>
      audit.export({ caller, request }, { format, filter: filterOf(filters) }, response),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/audit',
    access: 'audit:write',
    summary: 'Records what another system has done or seen',
    body: auditReport,
    status: 201,
    response: auditReported,
    handler: async (input) => {
      await audit.report(input, input.body);
      return { body: { recorded: true as const } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/audit/recent',
    access: 'audit:read',
    summary: 'Lines of the last hours, newest first',
    query: auditRecentQuery,
    status: 200,
    response: auditPage,
    handler: async ({ query: { hours, user_id: userId, ...page } }) => ({
      body: await audit.list({ ...page, sinceHours: hours, userId }),
    }),
  }),
];
