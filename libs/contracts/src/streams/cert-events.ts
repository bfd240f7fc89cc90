import { z } from 'zod';
import { streams } from '../names';
import { timestamp, uuid } from '../primitives';
import { operationKind } from './cert-requests';
import { streamContract } from './stream-contract';

export const stepStatus = z.enum(['started', 'done', 'failed', 'skipped']);

/** One step of a certificate operation, or its end. */
export const certEventsBody = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('step'),
    operation_id: uuid,
    certificate_id: uuid,
    kind: operationKind,
    /** For deployments: where. */
    virtual_host_id: uuid.optional(),
    step: z.string().max(64),
    status: stepStatus,
    detail: z.string().max(2_000).optional(),
    duration_ms: z.number().min(0).optional(),
    at: timestamp,
  }),
  z.object({
    event: z.literal('finished'),
    operation_id: uuid,
    certificate_id: uuid,
    kind: operationKind,
    outcome: z.enum(['succeeded', 'failed']),
    error: z.object({ code: z.string().max(64), msg: z.string().max(2_000) }).optional(),
    at: timestamp,
  }),
]);
export type CertEventsBody = z.infer<typeof certEventsBody>;

const example = {
  operation_id: '01936b2e-0000-7000-8000-000000000011',
  certificate_id: '01936b2e-0000-7000-8000-000000000010',
  kind: 'issue' as const,
  at: '2026-11-21T08:03:00.000Z',
};
export const certEventsStream = streamContract(streams.certEvents, 1, certEventsBody, [
  { event: 'step', ...example, step: 'order', status: 'done', duration_ms: 31 },
  {
    event: 'finished',
    ...example,
    outcome: 'failed',
    error: { code: 'ACME_REFUSED', msg: 'www.example.org: connection refused' },
  },
]);
