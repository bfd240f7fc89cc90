import { certificateAuthorityList } from '@viw/contracts';
import type { CallOptions, Transport } from '../transport';

export const certificateAuthorityRoutes = (http: Transport) => ({
  /** viw's own, with fingerprints and where certificates and revocation lists are. */
  list: (options?: CallOptions) =>
    http.call(certificateAuthorityList, { method: 'GET', path: '/api/v1/ca', options }),
});
