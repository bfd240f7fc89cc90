import { lookup as resolve, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import { acmeUnavailable } from '../../acme-errors';

export interface ProviderHttpOptions {
  /** For people, such as `Cloudflare`. */
  readonly name: string;
  /** PEM of further roots. */
  readonly caPem?: string | undefined;
  /** Addresses of this machine may be asked, and by plain HTTP. Never by default: what listens there trusts its neighbours. */
  readonly loopback?: boolean | undefined;
  /** For one request as a whole, milliseconds. Default 15,000. */
  readonly timeoutMs?: number | undefined;
}

export interface ProviderRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const MAX_BYTES = 2 * 1024 * 1024;

/** This machine, and what only ever answers neighbours, such as a cloud's metadata. */
const local = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
] as const)
  local.addSubnet(net, bits, 'ipv4');
local.addAddress('::', 'ipv6');
local.addAddress('::1', 'ipv6');
local.addSubnet('fe80::', 10, 'ipv6');

const isLocal = (address: string): boolean =>
  local.check(
    address.replace(/^::ffff:(?=\d+\.)/i, ''),
    isIP(address.replace(/^::ffff:(?=\d+\.)/i, '')) === 6 ? 'ipv6' : 'ipv4',
  );

/**
 * Requests to whoever keeps a zone: over verified HTTPS, bounded in time and size, and answered as they are: no redirect is
 * followed, since it would carry the credential elsewhere. Errors name the provider and what broke, never a request.
 */
export class ProviderHttp {
  constructor(private readonly options: ProviderHttpOptions) {}

  /** @throws AppError ACME_UNAVAILABLE; the signal's reason. An answer of any status is returned. */
  async send(request: ProviderRequest): Promise<ProviderAnswer> {
    const { name, timeoutMs = 15_000 } = this.options;
    const { signal } = request;
    signal?.throwIfAborted();
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await this.exchange(request, signal ? AbortSignal.any([signal, limit]) : limit);
    } catch (cause) {
      signal?.throwIfAborted();
      const why = limit.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(cause);
      throw acmeUnavailable(`${name} cannot be asked: ${why}`, cause);
    }
  }

  private exchange(
    { method, url, headers, body }: ProviderRequest,
    signal: AbortSignal,
  ): Promise<ProviderAnswer> {
    const { caPem, loopback = false } = this.options;
    const target = new URL(url);
    const plain = target.protocol === 'http:';
    const host = target.hostname.replace(/^\[|\]$/g, '');
    if (!plain && target.protocol !== 'https:') throw new Refusal('its address is not https');
    if (plain && !(loopback && (host === 'localhost' || (isIP(host) > 0 && isLocal(host)))))
      throw new Refusal('its address is not https');
    if (!loopback && isIP(host) > 0 && isLocal(host)) throw new Refusal(LOCAL);
    return new Promise((done, failed) => {
      const call = (plain ? httpRequest : httpsRequest)(
        target,
        {
          method,
          headers: {
            ...headers,
            ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
          },
          agent: false,
          signal,
          ...(!loopback && { lookup: farAway }),
          ...(caPem !== undefined && { ca: [...rootCertificates, caPem] }),
        },
        (answer) => {
          collect(answer).then(
            (text) => done({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
            failed,
          );
        },
      );
      call.on('error', failed);
      call.end(body);
    });
  }
}

class Refusal extends Error {}
const LOCAL = 'its address is one of this machine or its neighbours';

/** Each address that is connected to has been looked at: a name cannot lead here after it was checked. */
const farAway: LookupFunction = (hostname, options, done) => {
  resolve(hostname, { ...options, all: true }, (error, found) => {
    if (error) return done(error, '');
    const far = found.filter(({ address }) => !isLocal(address));
    const [first] = far;
    if (!first) return done(new Refusal(LOCAL), '');
    if (options.all === true) (done as (error: null, all: LookupAddress[]) => void)(null, far);
    else done(null, first.address, first.family);
  });
};

async function collect(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAX_BYTES) throw new Refusal(`it sends more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Code of the network or of TLS; words of ours. Never the text of a foreign error. */
function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : 'the connection failed';
}
