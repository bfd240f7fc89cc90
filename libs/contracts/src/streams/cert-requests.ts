import { z } from 'zod';
import { streams } from '../names';
import { uuid } from '../primitives';
import { streamContract } from './stream-contract';

export const operationKind = z.enum(['issue', 'renew', 'deploy', 'revoke', 'rollback', 'check']);
export type OperationKind = z.infer<typeof operationKind>;

/** Work for a cert-worker. Everything else about it stands in Postgres, under the operation's id. */
export const certRequestsBody = z.object({ operation_id: uuid, certificate_id: uuid, kind: operationKind });
export type CertRequestsBody = z.infer<typeof certRequestsBody>;

export const certRequestsStream = streamContract(streams.certRequests, 1, certRequestsBody, [
  {
    operation_id: '01936b2e-0000-7000-8000-000000000011',
    certificate_id: '01936b2e-0000-7000-8000-000000000010',
    kind: 'issue',
  },
]);
