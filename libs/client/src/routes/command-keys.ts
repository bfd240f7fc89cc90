import { commandKeyList } from '@viw/contracts';
import type { CallOptions, Transport, WriteOptions } from '../transport';

const path = '/admin/api/system/command-keys';

/** The backend's own keys. */
export const commandKeyRoutes = (http: Transport) => ({
  list: (options?: CallOptions) => http.call(commandKeyList, { method: 'GET', path, options }),
  /** The new key is used once hosts know it. */
  rotate: (options?: WriteOptions) =>
    http.call(commandKeyList, { method: 'POST', path: `${path}/rotate`, body: {}, options }),
});
