import type { ServerResponse } from 'node:http';

/** For answers that are no page: nothing in them may run or be framed. */
const nothingAllowed = "default-src 'none'; frame-ancestors 'none'";

const YEAR_S = 31_536_000;

/** On every answer; pages replace the policy by their own. */
export function setSecurityHeaders(response: ServerResponse, { secure }: { secure: boolean }): void {
  response.setHeader('Content-Security-Policy', nothingAllowed);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Cache-Control', 'no-store');
  if (secure) response.setHeader('Strict-Transport-Security', `max-age=${YEAR_S}; includeSubDomains`);
}
