import {
  certificate,
  certificateBatch,
  certificateCreate,
  certificateListQuery,
  certificatePage,
  certificateRevoke,
  certificateVersionPage,
  deployOrder,
  operation,
  operationAccepted,
  operationPage,
  operationsAccepted,
  survivalQuery,
  survivalReport,
} from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { AcceptedOperation, CertificateService } from '../services/certificate-service';
import type { SurvivalService } from '../services/survival-service';
import { idParams, listOptions, noBody, pageQuery, scopedListOptions } from './schemas';

const root = '/api/v1/certificates';

const accepted = (answer: AcceptedOperation) => ({
  body: answer,
  headers: { Location: `/api/v1/operations/${answer.operation_id}` },
});

export const certificateRoutes = (certificates: CertificateService, survival: SurvivalService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'certificates:read',
    summary: 'Certificates, newest first',
    query: certificateListQuery,
    status: 200,
    response: certificatePage,
    handler: async (input) => ({ body: await certificates.list(scopedListOptions(input)) }),
  }),
  defineRoute({
    method: 'POST',
    path: root,
    access: 'certificates:write',
    summary: 'Issues a certificate and deploys it; progress is at Location',
    body: certificateCreate,
    status: 202,
    response: operationAccepted,
    handler: async (input) => accepted(await certificates.create(input, input.body)),
  }),
  // Before the pattern that it would fit.
  defineRoute({
    method: 'GET',
    path: `${root}/survival`,
    access: 'certificates:read',
    summary: 'Would this fleet survive other lives and an outage of the CA? Reckoned by the stored schedule',
    query: survivalQuery,
    status: 200,
    response: survivalReport,
    handler: async ({ query, caller }) => ({ body: await survival.report(query, caller.scope) }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id`,
    access: 'certificates:read',
    summary: 'One certificate and where it is served',
    params: idParams,
    status: 200,
    response: certificate,
    handler: async ({ params }) => ({ body: await certificates.get(params.id) }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/batch`,
    access: 'certificates:write',
    summary: 'The same work for many certificates, all accepted or none',
    body: certificateBatch,
    status: 202,
    response: operationsAccepted,
    handler: async (input) => ({ body: { operations: await certificates.orderMany(input, input.body) } }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/renew`,
    access: 'certificates:write',
    summary: 'Issues a new version and deploys it; progress is at Location',
    params: idParams,
    body: noBody,
    status: 202,
    response: operationAccepted,
    handler: async (input) => accepted(await certificates.order(input, input.params.id, 'renew')),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/deploy`,
    access: 'certificates:write',
    summary: 'Puts the current version on every virtual host that is to serve it, canary first',
    params: idParams,
    body: deployOrder,
    status: 202,
    response: operationAccepted,
    handler: async (input) =>
      accepted(await certificates.order(input, input.params.id, 'deploy', input.body)),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/revoke`,
    access: 'certificates:write',
    summary:
      'Revokes it; after a key compromise a new version is served first, unless at_once. Progress is at Location',
    params: idParams,
    body: certificateRevoke,
    status: 202,
    response: operationAccepted,
    handler: async (input) => accepted(await certificates.revoke(input, input.params.id, input.body)),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id/versions`,
    access: 'certificates:read',
    summary: 'Versions, newest first',
    params: idParams,
    query: pageQuery,
    status: 200,
    response: certificateVersionPage,
    handler: async ({ params, query }) => ({
      body: await certificates.versions(params.id, listOptions(query)),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id/operations`,
    access: 'certificates:read',
    summary: 'Operations, newest first',
    params: idParams,
    query: pageQuery,
    status: 200,
    response: operationPage,
    handler: async ({ params, query }) => ({
      body: await certificates.operations(params.id, listOptions(query)),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/operations/:id',
    access: 'certificates:read',
    summary: 'One operation with its steps',
    params: idParams,
    status: 200,
    response: operation,
    handler: async ({ params }) => ({ body: await certificates.operation(params.id) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/operations/:id/confirm-records',
    access: 'certificates:write',
    summary: 'Says that the TXT records that it waits for are set; it goes on without looking',
    params: idParams,
    body: noBody,
    status: 200,
    response: operation,
    handler: async (input) => ({ body: await certificates.confirmRecords(input, input.params.id) }),
  }),
];
