import {
  certificateAuthority,
  certificateAuthorityList,
  serviceCertificate,
  serviceCertificateIssued,
  serviceCertificatePage,
  type certificateAuthorityCreate,
  type certificateAuthorityEnd,
  type certificateAuthorityRotate,
  type serviceCertificateOrder,
  type serviceCertificateRevoke,
} from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

const authorityPath = (id: string): string => `/api/v1/ca/${encodeURIComponent(id)}`;

export const certificateAuthorityRoutes = (http: Transport) => ({
  /** viw's own, with fingerprints and where certificates and revocation lists are. */
  list: (options?: CallOptions) =>
    http.call(certificateAuthorityList, { method: 'GET', path: '/api/v1/ca', options }),
  create: (body: z.input<typeof certificateAuthorityCreate>, options?: WriteOptions) =>
    http.call(certificateAuthority, { method: 'POST', path: '/api/v1/ca', body, options }),
  /** The next one of its purpose: announced first, then in use. */
  rotate: (id: string, body: z.input<typeof certificateAuthorityRotate> = {}, options?: WriteOptions) =>
    http.call(certificateAuthority, { method: 'POST', path: `${authorityPath(id)}/rotate`, body, options }),
  /** Of a former one: nobody is told to trust it any more. */
  end: (id: string, body: z.input<typeof certificateAuthorityEnd> = {}, options?: WriteOptions) =>
    http.call(certificateAuthority, { method: 'POST', path: `${authorityPath(id)}/end`, body, options }),
  issue: (id: string, body: z.input<typeof serviceCertificateOrder>, options?: WriteOptions) =>
    http.call(serviceCertificateIssued, {
      method: 'POST',
      path: `${authorityPath(id)}/issue`,
      body,
      options,
    }),
  revoke: (id: string, body: z.input<typeof serviceCertificateRevoke>, options?: WriteOptions) =>
    http.call(serviceCertificate, { method: 'POST', path: `${authorityPath(id)}/revoke`, body, options }),
  certificates: (id: string, query: { limit?: number; cursor?: string } = {}, options?: CallOptions) =>
    http.call(serviceCertificatePage, {
      method: 'GET',
      path: `${authorityPath(id)}/certificates`,
      query,
      options,
    }),
});
