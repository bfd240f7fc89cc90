import { createClient } from '@viw/client';

/** The page's own origin; the browser keeps the session cookie, this object the CSRF token, in memory only. */
export const api = createClient({ baseUrl: '', auth: { kind: 'session' } });
