import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { problem } from '@viw/contracts';
import { AppError, isErrorCode } from '@viw/runtime';
import type { z } from 'zod';
import { pinned } from '../connection/spki-pin';

export interface BackendClientOptions {
  /** https://, or http:// where that was checked to be allowed. */
  readonly url: string;
  /** PEM certificates that may sign the backend's; the system's by default. */
  readonly ca?: string | undefined;
  readonly pins?: readonly string[];
  /** Milliseconds for the whole call. Default 15 s. */
  readonly timeoutMs?: number;
}

const ANSWER_LIMIT = 256 * 1024;

/** The two calls that an agent makes to the backend. It proves itself by what they carry. */
export class BackendClient {
  constructor(private readonly options: BackendClientOptions) {}

  /**
   * @throws AppError with the backend's own code and words when it refuses; UNAVAILABLE when it cannot be reached, when its
   *   certificate is not accepted, or when its answer is none
   */
  async post<Schema extends z.ZodType>(
    path: string,
    body: unknown,
    answer: Schema,
  ): Promise<z.output<Schema>> {
    const { status, text } = await this.#exchange(path, JSON.stringify(body));
    const value = jsonOf(text);
    if (status < 200 || status > 299) throw refusalOf(status, value);
    const parsed = answer.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new AppError('UNAVAILABLE', 'what answers there is no viw backend, or one of another version');
  }

  #exchange(path: string, text: string): Promise<{ status: number; text: string }> {
    const { url, ca, pins = [], timeoutMs = 15_000 } = this.options;
    const target = new URL(path, url);
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        signal: AbortSignal.timeout(timeoutMs),
        // A resumed TLS session would show no certificate to compare with the pin.
        agent: false,
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca }),
        ...pinned(pins),
      });
      const failed = (error: NodeJS.ErrnoException): void => {
        const reason = error.name === 'TimeoutError' ? 'no answer in time' : (error.code ?? error.message);
        reject(new AppError('UNAVAILABLE', `${target.origin} cannot be reached: ${reason}`));
      };
      request.on('error', failed);
      request.on('response', (response) => {
        readAnswer(response).then(
          (read) => resolve({ status: response.statusCode ?? 0, text: read }),
          failed,
        );
      });
      request.end(text);
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_LIMIT) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(status: number, body: unknown): AppError {
  const parsed = problem.safeParse(body);
  if (!parsed.success) return new AppError('UNAVAILABLE', `HTTP ${status}, and not by a viw backend`);
  const { code, detail, title } = parsed.data;
  return new AppError(isErrorCode(code) ? code : 'UNAVAILABLE', detail ?? title);
}
