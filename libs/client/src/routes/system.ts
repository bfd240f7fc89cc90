import { systemState } from '@viw/contracts';
import type { CallOptions, Transport } from '../transport';

/** Processes, versions, streams and outbox of the installation. */
export const systemRoutes = (http: Transport) => ({
  state: (options?: CallOptions) =>
    http.call(systemState, { method: 'GET', path: '/admin/api/system', options }),
});
