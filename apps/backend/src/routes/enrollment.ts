import {
  enrollment,
  enrollmentTokenCreated,
  enrollmentTokenRequest,
  enrollRequest,
  renewal,
  renewRequest,
} from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { EnrollmentService } from '../services/enrollment-service';
import type { KeyRenewalService } from '../services/key-renewal-service';
import { agentParams } from './schemas';

/** The last two are for agents: what they carry is the proof, and nothing else lets anybody in. */
export const enrollmentRoutes = (services: {
  readonly enrollment: EnrollmentService;
  readonly keyRenewal: KeyRenewalService;
}): Route[] => [
  defineRoute({
    method: 'POST',
    path: '/admin/api/gateways/:agent_id/enrollment-token',
    access: 'gateways:write',
    summary: 'A one-time token by which a host becomes this gateway; shown once, earlier ones are void',
    params: agentParams,
    body: enrollmentTokenRequest,
    status: 201,
    response: enrollmentTokenCreated,
    handler: async (input) => ({
      body: await services.enrollment.issueToken(input, input.params.agent_id, input.body.ttl_s),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/agent/enroll',
    access: 'public',
    summary: 'A host hands in its keys with a one-time token, and learns what it needs to be that gateway',
    body: enrollRequest,
    status: 200,
    response: enrollment,
    handler: async ({ body, request }) => ({ body: await services.enrollment.enroll(body, request) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/agent/renew',
    access: 'public',
    summary: 'An agent replaces its key; both the present and the next one sign',
    body: renewRequest,
    status: 200,
    response: renewal,
    handler: async ({ body, request }) => ({ body: await services.keyRenewal.renew(body, request) }),
  }),
];
