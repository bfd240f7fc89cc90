import {
  authorityPurpose,
  certificateAuthority,
  certificateAuthorityCreate,
  certificateAuthorityEnd,
  certificateAuthorityList,
  certificateAuthorityRotate,
  serviceCertificate,
  serviceCertificateIssued,
  serviceCertificateOrder,
  serviceCertificatePage,
  serviceCertificateQuery,
  serviceCertificateRevoke,
} from '@viw/contracts';
import { z } from 'zod';
import type { Route } from '../http/route';
import { defineExchange, defineFile, defineRoute } from '../http/route';
import type { Ocsp } from '../private-ca/ocsp';
import type { PrivateCaService } from '../services/private-ca-service';
import type { AuthorityRotationService } from '../services/authority-rotation-service';
import type { ServiceCertificateService } from '../services/service-certificate-service';

const authorityParams = z.strictObject({ id: z.uuid() });

/** RFC 6960 appendix A: base64 of DER in the path, percent-encoded. Longer ones are for POST. */
const ocspParams = z.strictObject({
  request: z
    .string()
    .max(1_024)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'base64'),
});
/** A dozen certificates, or one with a signature that nobody needs. */
const OCSP_REQUEST_BYTES = 4_096;

/** Certificates and revocation lists are for everybody: who has to check a certificate has no account here. */
export const privateCaRoutes = ({
  privateCa: ca,
  authorityRotation,
  serviceCertificates,
  ocsp,
}: {
  readonly privateCa: PrivateCaService;
  readonly authorityRotation: AuthorityRotationService;
  readonly serviceCertificates: ServiceCertificateService;
  readonly ocsp: Ocsp;
}): Route[] => [
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
  defineFile({
    method: 'GET',
    path: '/pki/trust/:purpose.pem',
    access: 'public',
    summary:
      'Every authority of a purpose to trust, the announced and the former ones too, and the roots, PEM',
    params: z.strictObject({ purpose: authorityPurpose }),
    status: 200,
    contentType: 'application/x-pem-file',
    file: ({ params }) => ca.trusted(params.purpose),
  }),
  ...ocspRoutes(ocsp),
  ...rotationRoutes(ca, authorityRotation),
  ...authorityRoutes(ca, serviceCertificates),
];

/** For whoever is shown a certificate: it has no account here. */
const ocspRoutes = (ocsp: Ocsp): Route[] => [
  defineExchange({
    method: 'POST',
    path: '/pki/ocsp',
    access: 'public',
    summary: 'Whether certificates of the private authorities count (RFC 6960)',
    takes: { contentType: 'application/ocsp-request', limit: OCSP_REQUEST_BYTES },
    status: 200,
    contentType: 'application/ocsp-response',
    exchange: (request) => ocsp.answer(request),
  }),
  defineFile({
    method: 'GET',
    path: '/pki/ocsp/:request',
    access: 'public',
    summary: 'The same, with the request in the path',
    params: ocspParams,
    status: 200,
    contentType: 'application/ocsp-response',
    file: ({ params }) => ocsp.answer(Buffer.from(params.request, 'base64')),
  }),
];

/** From one authority to the next. */
const rotationRoutes = (ca: PrivateCaService, rotation: AuthorityRotationService): Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/v1/ca/:id/rotate',
    access: 'system:write',
    summary:
      'Makes and announces the next authority of the purpose; once that is in use, this one issues no more',
    params: authorityParams,
    body: certificateAuthorityRotate,
    status: 201,
    response: certificateAuthority,
    handler: async (input) => ({
      body: await ca.get(await rotation.rotate(input, input.params.id, input.body.announce_s)),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/ca/:id/end',
    access: 'system:write',
    summary: 'Nobody is told to trust this former authority any more; refused while certificates need it',
    params: authorityParams,
    body: certificateAuthorityEnd,
    status: 200,
    response: certificateAuthority,
    handler: async (input) => {
      await rotation.end(input, input.params.id, input.body.force);
      return { body: await ca.get(input.params.id) };
    },
  }),
];

/** Who may do everything makes authorities and has them issue: whoever holds a certificate is believed elsewhere. */
const authorityRoutes = (ca: PrivateCaService, certificates: ServiceCertificateService): Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/v1/ca',
    access: 'system:write',
    summary: 'Makes an authority for services, or for databases, below the root',
    body: certificateAuthorityCreate,
    status: 201,
    response: certificateAuthority,
    handler: async (input) => ({ body: await ca.get(await certificates.found(input, input.body.purpose)) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/ca/:id/issue',
    access: 'system:write',
    summary: 'Issues a certificate for the key of a request',
    params: authorityParams,
    body: serviceCertificateOrder,
    status: 201,
    response: serviceCertificateIssued,
    handler: async (input) => ({ body: await certificates.issue(input, input.params.id, input.body) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/ca/:id/revoke',
    access: 'system:write',
    summary: 'Revokes a certificate for good: OCSP says so at once, the revocation list within seconds',
    params: authorityParams,
    body: serviceCertificateRevoke,
    status: 200,
    response: serviceCertificate,
    handler: async (input) => {
      const { serial, reason } = input.body;
      return { body: await certificates.revoke(input, input.params.id, serial, reason) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/ca/:id/certificates',
    access: 'system:read',
    summary: 'What the authority has issued on demand, newest first',
    params: authorityParams,
    query: serviceCertificateQuery,
    status: 200,
    response: serviceCertificatePage,
    handler: async ({ params, query }) => ({ body: await certificates.list(params.id, query) }),
  }),
];
