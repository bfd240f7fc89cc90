import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { AppError } from '@viw/runtime';
import { acmeUnavailable } from '../../acme-errors';
import type { OutboundGuard } from '../../outbound-guard';

export interface ProviderHttpOptions {
  /** For people, such as `Cloudflare`. */
  readonly name: string;
  /** PEM of further roots. */
  readonly caPem?: string | undefined;
  readonly guard: OutboundGuard;
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
    const { caPem, guard } = this.options;
    const target = new URL(url);
    guard.assertUrl(target);
    return new Promise((done, failed) => {
      const call = (target.protocol === 'http:' ? httpRequest : httpsRequest)(
        target,
        {
          method,
          headers: {
            ...headers,
            ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
          },
          agent: false,
          signal,
          lookup: guard.lookup,
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

async function collect(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAX_BYTES) throw new AppError('PAYLOAD_TOO_LARGE', `it sends more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Code of the network or of TLS; words of ours. Never the text of a foreign error. */
function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : 'the connection failed';
}
