import { verbPolicyChanged, verbPolicyList, type VerbPolicyPut } from '@viw/contracts';
import type { CallOptions, Transport, WriteOptions } from '../transport';

const root = '/admin/api/verb-policies';
const pathOf = (verb: string): string => `${root}/${encodeURIComponent(verb)}`;

/** Who may run a verb, where, and whether a second person has to approve. A verb without a policy is not in the list. */
export const verbPolicyRoutes = (http: Transport) => ({
  list: (options?: CallOptions) => http.call(verbPolicyList, { method: 'GET', path: root, options }),
  /** Replaces the whole policy. It may have to wait for a second person itself: see `status`. */
  set: (verb: string, body: VerbPolicyPut, options?: WriteOptions) =>
    http.call(verbPolicyChanged, { method: 'PUT', path: pathOf(verb), body, options }),
  /** Likewise. @param version the one that is meant */
  delete: (verb: string, query: { version?: number } = {}, options?: WriteOptions) =>
    http.call(verbPolicyChanged, { method: 'DELETE', path: pathOf(verb), query, options }),
});
