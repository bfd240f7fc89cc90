import {
  certificate,
  certificateCreate,
  certificateListQuery,
  certificatePage,
  certificateRevoke,
  certificateVersionPage,
  operation,
  operationAccepted,
  operationPage,
} from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { AcceptedOperation, CertificateService } from '../services/certificate-service';
import { idParams, listOptions, noBody, pageQuery } from './schemas';

const root = '/api/v1/certificates';

const accepted = (answer: AcceptedOperation) => ({
  body: answer,
  headers: { Location: `/api/v1/operations/${answer.operation_id}` },
});

const orderRoute = (kind: 'renew' | 'deploy', summary: string, certificates: CertificateService): Route =>
  defineRoute({
    method: 'POST',
    path: `${root}/:id/${kind}`,
    access: 'certificates:write',
    summary,
    params: idParams,
    body: noBody,
    status: 202,
    response: operationAccepted,
    handler: async (input) => accepted(await certificates.order(input, input.params.id, kind)),
  });

export const certificateRoutes = (certificates: CertificateService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'certificates:read',
    summary: 'Certificates, newest first',
    query: certificateListQuery,
    status: 200,
    response: certificatePage,
    handler: async ({ query }) => ({ body: await certificates.list(listOptions(query)) }),
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
  orderRoute('renew', 'Issues a new version and deploys it; progress is at Location', certificates),
  orderRoute('deploy', 'Puts the current version on every virtual host that is to serve it', certificates),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/revoke`,
    access: 'certificates:write',
    summary: 'Revokes it; after a key compromise a new version is served first. Progress is at Location',
    params: idParams,
    body: certificateRevoke,
    status: 202,
    response: operationAccepted,
    handler: async (input) => accepted(await certificates.revoke(input, input.params.id, input.body.reason)),
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
];
