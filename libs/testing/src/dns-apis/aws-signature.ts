import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ApiRequest } from './api-server';

export interface AwsCredential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const SHAPE =
  /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;
const MAX_SKEW_MS = 300_000;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Verifies Signature Version 4, made anew from the request
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html).
 * @returns the error code of AWS; undefined when it holds
 */
export function awsObjection(
  { method, path, query, headers, body }: ApiRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredential,
  service: string,
): string | undefined {
  const found = SHAPE.exec(headers.authorization ?? '');
  if (!found) return 'MissingAuthenticationToken';
  const [, key, day = '', region = '', named, signedHeaders = '', signature = ''] = found;
  if (key !== accessKeyId) return 'InvalidClientTokenId';
  const date = String(headers['x-amz-date']);
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - at) < MAX_SKEW_MS) || !date.startsWith(day)) return 'RequestExpired';
  if (sessionToken !== undefined && headers['x-amz-security-token'] !== sessionToken)
    return 'InvalidClientTokenId';
  const signed = signedHeaders.split(';');
  if (named !== service || !signed.includes('host') || !signed.includes('x-amz-date'))
    return 'SignatureDoesNotMatch';
  const pairs = [...query].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const canonical = [
    method,
    path,
    pairs.join('&'),
    ...signed.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    sha256(body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const signing = [region, service, 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    hmac(`AWS4${secretAccessKey}`, day),
  );
  const expected = hmac(signing, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n'));
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) ? undefined : 'SignatureDoesNotMatch';
}
