import { certificateAuthorityList } from '@viw/contracts';
import { z } from 'zod';
import type { Route } from '../http/route';
import { defineFile, defineRoute } from '../http/route';
import type { PrivateCaService } from '../services/private-ca-service';

const authorityParams = z.strictObject({ id: z.uuid() });

/** Certificates and revocation lists are for everybody: who has to check a certificate has no account here. */
export const privateCaRoutes = (ca: PrivateCaService): Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/ca',
    access: 'certificates:read',
    summary: 'The private certificate authorities with their fingerprints and revocation lists',
    status: 200,
    response: certificateAuthorityList,
    handler: async () => ({ body: await ca.list() }),
  }),
  defineFile({
    method: 'GET',
    path: '/pki/ca/:id.pem',
    access: 'public',
    summary: 'A certificate authority and those above it, PEM',
    params: authorityParams,
    status: 200,
    contentType: 'application/x-pem-file',
    file: ({ params }) => ca.bundle(params.id),
  }),
  defineFile({
    method: 'GET',
    path: '/pki/crl/:id.crl',
    access: 'public',
    summary: 'The revocation list of a certificate authority, DER (RFC 5280)',
    params: authorityParams,
    status: 200,
    contentType: 'application/pkix-crl',
    file: ({ params }) => ca.revocationList(params.id),
  }),
];
