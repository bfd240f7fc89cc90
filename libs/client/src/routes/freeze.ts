import { freezeState, type freezeRequest } from '@viw/contracts';
import type { z } from 'zod';
import type { CallOptions, Transport, WriteOptions } from '../transport';

const path = '/admin/api/freeze';

/** The emergency stop of all commands. */
export const freezeRoutes = (http: Transport) => ({
  get: (options?: CallOptions) => http.call(freezeState, { method: 'GET', path, options }),
  on: (body: z.input<typeof freezeRequest>, options?: WriteOptions) =>
    http.call(freezeState, { method: 'POST', path, body, options }),
  off: (options?: WriteOptions) => http.call(freezeState, { method: 'DELETE', path, options }),
});
