import { tokenKeyList } from '@viw/contracts';
import type { tokenKeyRotate } from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

const path = '/admin/api/system/token-keys';

/** The keys that sign API tokens. */
export const tokenKeyRoutes = (http: Transport) => ({
  list: (options?: CallOptions) => http.call(tokenKeyList, { method: 'GET', path, options }),
  /** The new key is published at once and used once whoever verifies tokens has had time to read it. */
  rotate: (body: z.input<typeof tokenKeyRotate> = {}, options?: WriteOptions) =>
    http.call(tokenKeyList, { method: 'POST', path: `${path}/rotate`, body, options }),
});
