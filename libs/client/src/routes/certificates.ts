import {
  certificate,
  certificatePage,
  certificateVersionPage,
  survivalReport,
  operation,
  operationAccepted,
  operationPage,
  operationsAccepted,
  type CertificateBatch,
  type CertificateCreate,
  type certificateListQuery,
  type survivalQuery,
  type DeployOrder,
  type CertificateRevoke,
  type CertificateRollback,
  type RevocationReason,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';
import type { PageQuery } from './servers';

export type CertificateListQuery = Partial<z.output<typeof certificateListQuery>>;

const root = '/api/v1/certificates';
const one = (id: string): string => `${root}/${encodeURIComponent(id)}`;

export const certificateRoutes = (http: Transport) => ({
  list: (query: CertificateListQuery = {}, options?: CallOptions) =>
    http.call(certificatePage, { method: 'GET', path: root, query, options }),
  /** Would this fleet survive? Reckoned by the stored schedule. */
  survival: (query: Partial<z.output<typeof survivalQuery>> = {}, options?: CallOptions) =>
    http.call(survivalReport, { method: 'GET', path: `${root}/survival`, query, options }),
  /** Issues, and deploys to `deploy_to`; progress is at the operation. */
  create: (body: CertificateCreate, options?: WriteOptions) =>
    http.call(operationAccepted, { method: 'POST', path: root, body, options }),
  get: (id: string, options?: CallOptions) =>
    http.call(certificate, { method: 'GET', path: one(id), options }),
  /** Puts the current version on every virtual host that is to serve it; progress is the operation's `rollout`. */
  deploy: (id: string, options?: WriteOptions, order: Partial<DeployOrder> = {}) =>
    http.call(operationAccepted, { method: 'POST', path: `${one(id)}/deploy`, body: order, options }),
  batch: (body: CertificateBatch, options?: WriteOptions) =>
    http.call(operationsAccepted, { method: 'POST', path: `${root}/batch`, body, options }),
  renew: (id: string, options?: WriteOptions) =>
    http.call(operationAccepted, { method: 'POST', path: `${one(id)}/renew`, body: {}, options }),
  /** After a key compromise a version with a new key is served first. */
  revoke: (id: string, asked: RevocationReason | CertificateRevoke, options?: WriteOptions) =>
    http.call(operationAccepted, {
      method: 'POST',
      path: `${one(id)}/revoke`,
      body: typeof asked === 'string' ? { reason: asked } : asked,
      options,
    }),
  /** Back to the version before, or to the one that is named; progress is at the operation. */
  rollback: (id: string, to: CertificateRollback = {}, options?: WriteOptions) =>
    http.call(operationAccepted, { method: 'POST', path: `${one(id)}/rollback`, body: to, options }),
  /** Out of service for good; its keys are destroyed, its history stays. */
  retire: (id: string, options?: WriteOptions) =>
    http.call(certificate, { method: 'DELETE', path: one(id), options }),
  versions: (id: string, query: PageQuery = {}, options?: CallOptions) =>
    http.call(certificateVersionPage, {
      method: 'GET',
      path: `${one(id)}/versions`,
      query: { ...query },
      options,
    }),
  operations: (id: string, query: PageQuery = {}, options?: CallOptions) =>
    http.call(operationPage, { method: 'GET', path: `${one(id)}/operations`, query: { ...query }, options }),
});

const operationPath = (id: string): string => `/api/v1/operations/${encodeURIComponent(id)}`;

export const operationRoutes = (http: Transport) => ({
  get: (id: string, options?: CallOptions) =>
    http.call(operation, { method: 'GET', path: operationPath(id), options }),
  /** The TXT records that it waits for are set. */
  confirmRecords: (id: string, options?: WriteOptions) =>
    http.call(operation, { method: 'POST', path: `${operationPath(id)}/confirm-records`, body: {}, options }),
});
