import { createHmac } from 'node:crypto';
import type { HelperRequest } from '@viw/contracts';
import { canonicalJson } from '../canonical-json';

/** Lower-case hex HMAC-SHA256 over the RFC 8785 form of the request without `hmac`. */
export function helperRequestMac(secret: string, request: Omit<HelperRequest, 'hmac'>): string {
  return createHmac('sha256', secret)
    .update(canonicalJson({ ...request, hmac: undefined }))
    .digest('hex');
}
