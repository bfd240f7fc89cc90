import { sign } from 'aws4';
import { acmeRefused, acmeUnavailable } from '../../acme-errors';
import { ProviderHttp, type ProviderAnswer, type ProviderHttpOptions } from './provider-http';
import { patiently } from './provider-patience';
import { parseXml, textAt, type XmlElement } from './route53-xml';

export interface Route53Options extends Pick<ProviderHttpOptions, 'guard' | 'timeoutMs' | 'caPem'> {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
  /** Default https://route53.amazonaws.com */
  readonly apiUrl?: string | undefined;
  /** Which requests are signed for; `us-east-1` but in AWS's other partitions. */
  readonly region?: string | undefined;
  /** Of the zone, where its name does not say which of several it is. */
  readonly hostedZoneId?: string | undefined;
  /** How long a change may stay PENDING, milliseconds. Default 120,000. */
  readonly insyncMs?: number | undefined;
  /** Between two looks at a change, milliseconds. Default 2,000. */
  readonly pollMs?: number | undefined;
}

/** A change was overtaken by another one: nothing of it was done. */
export class Overtaken extends Error {}

const BUSY = new Set(['Throttling', 'ThrottlingException', 'PriorRequestNotComplete', 'ServiceUnavailable']);

const WHY: Readonly<Record<string, string>> = {
  AccessDenied: 'the credential may not do this',
  AccessDeniedException: 'the credential may not do this',
  InvalidClientTokenId: 'it does not know the access key',
  UnrecognizedClientException: 'it does not know the access key',
  SignatureDoesNotMatch: 'the secret key is another one, or the clocks differ',
  RequestExpired: 'the clocks differ',
  ExpiredToken: 'the temporary credential is over',
  NoSuchHostedZone: 'there is no such hosted zone',
};

/** Requests to Route 53's API of 2013-04-01, signed (Signature Version 4). */
export class Route53Api {
  private readonly http: ProviderHttp;

  constructor(private readonly options: Route53Options) {
    this.http = new ProviderHttp({ name: 'Route 53', ...options });
  }

  /**
   * @param about the name that it is for, for errors
   * @throws Overtaken; AppError ACME_REFUSED, ACME_UNAVAILABLE; the signal's reason
   */
  async call(
    request: { method: 'GET' | 'POST'; path: string; body?: string },
    about: string,
    signal?: AbortSignal,
  ): Promise<XmlElement> {
    const answer = await patiently(() => this.http.send({ ...this.signed(request), signal }), {
      name: 'Route 53',
      isBusy: (one) => one.status >= 400 && BUSY.has(errorOf(one) ?? ''),
      signal,
    });
    if (answer.status === 200) {
      const root = parseXml(answer.body);
      if (root) return root;
      throw acmeUnavailable("Route 53's answer cannot be used");
    }
    const code = errorOf(answer) ?? `HTTP ${answer.status}`;
    if (code === 'InvalidChangeBatch') throw new Overtaken();
    // The rest of its words may repeat what was sent.
    throw acmeRefused(`${about}: Route 53 refuses: ${WHY[code] ?? code} (${code})`, 'slow', about);
  }

  private signed({ method, path, body }: { method: 'GET' | 'POST'; path: string; body?: string }) {
    const { apiUrl = 'https://route53.amazonaws.com', region = 'us-east-1' } = this.options;
    const { accessKeyId, secretAccessKey, sessionToken } = this.options;
    const { host, origin } = new URL(apiUrl);
    const { headers = {} } = sign(
      {
        service: 'route53',
        region,
        method,
        host,
        path,
        headers: { ...(body !== undefined && { 'Content-Type': 'application/xml' }) },
        ...(body !== undefined && { body }),
      },
      { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    );
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    return { method, url: `${origin}${path}`, headers: sent, ...(body !== undefined && { body }) };
  }
}

/** Of an error document: `<ErrorResponse><Error><Code>`, or `<InvalidChangeBatch>`. */
function errorOf({ body }: ProviderAnswer): string | undefined {
  const root = parseXml(body);
  if (root?.name === 'InvalidChangeBatch') return root.name;
  const code = textAt(root, 'Error', 'Code');
  return code !== undefined && /^[A-Za-z]{1,64}$/.test(code) ? code : undefined;
}
