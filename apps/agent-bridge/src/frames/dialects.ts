import type { IncomingHttpHeaders } from 'node:http';
import { isLegacyRequest } from '../handshake/legacy-request';
import { agentV1Dialect } from './agent-v1-dialect';
import type { Dialect } from './dialect';
import { legacyDialect } from './legacy/legacy-dialect';
import type { LegacyDialectOptions } from './legacy/legacy-dialect';

/** Which dialect an agent speaks is decided by its upgrade request, however it has proved its identity. */
export function dialects(options: LegacyDialectOptions): (headers: IncomingHttpHeaders) => Dialect {
  const legacy = legacyDialect(options);
  const current = agentV1Dialect(options);
  return (headers) => (isLegacyRequest(headers) ? legacy : current);
}
