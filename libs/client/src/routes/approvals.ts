import { approval, approvalPage, type ApprovalDecision, type approvalListQuery } from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

const root = '/admin/api/approvals';
const pathOf = (id: string): string => `${root}/${encodeURIComponent(id)}`;

export type ApprovalListQuery = Partial<z.output<typeof approvalListQuery>>;

/** What waits for a second person, and what became of it. */
export const approvalRoutes = (http: Transport) => {
  const decide =
    (action: 'approve' | 'reject' | 'withdraw') =>
    (id: string, body: ApprovalDecision = {}, options?: WriteOptions) =>
      http.call(approval, { method: 'POST', path: `${pathOf(id)}/${action}`, body, options });
  return {
    list: (query: ApprovalListQuery = {}, options?: CallOptions) =>
      http.call(approvalPage, { method: 'GET', path: root, query, options }),
    get: (id: string, options?: CallOptions) =>
      http.call(approval, { method: 'GET', path: pathOf(id), options }),
    /** For people, and never the one who has asked. Of a command: accepted, which is not done; follow it by the same id. */
    approve: decide('approve'),
    reject: decide('reject'),
    /** For who has asked. */
    withdraw: decide('withdraw'),
  };
};
