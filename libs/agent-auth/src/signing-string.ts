/**
 * What a handshake signature covers: `GET|<path>|<timestamp>|<nonce>|<agent id>`, UTF-8.
 *
 * @param path the requested path without query, e.g. `/agent/ws`
 * @param timestamp exactly as sent in `X-Timestamp`
 */
export const signingString = (path: string, timestamp: string, nonce: string, agentId: string): string =>
  `GET|${path}|${timestamp}|${nonce}|${agentId}`;
