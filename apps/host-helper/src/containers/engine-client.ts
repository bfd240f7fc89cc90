import { request } from 'node:http';
import { AppError } from '@viw/runtime';
import { z } from 'zod';

const ANSWER_BYTES = 4 * 1024 * 1024;

export interface EngineAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

const failure = z.object({ message: z.string() });

/**
 * The Docker Engine API over its Unix socket (docs.docker.com/engine/api, v1.41; Podman serves the same under its own
 * socket). One connection per request: commands are few.
 */
export class EngineClient {
  constructor(private readonly options: { readonly socketPath: string }) {}

  /** Whether an engine answers. */
  async answers(): Promise<boolean> {
    return this.call({ method: 'GET', path: '/_ping', timeoutMs: 2_000 }).then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** @throws AppError INTERNAL_ERROR when it does not answer, EXEC_TIMEOUT when not in time */
  call({ method, path, body, timeoutMs }: EngineRequest): Promise<EngineAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { socketPath } = this.options;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          ...{ socketPath, method, path, agent: false, signal: AbortSignal.timeout(Math.max(1, timeoutMs)) },
          headers: {
            Host: 'engine',
            ...(text !== undefined && {
              'Content-Type': 'application/json',
              'Content-Length': Buffer.byteLength(text),
            }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          let size = 0;
          incoming.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > ANSWER_BYTES) incoming.destroy(new Error('the answer is too large'));
            else chunks.push(chunk);
          });
          incoming.on('error', fail);
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              body: parsed(Buffer.concat(chunks).toString('utf8')),
            }),
          );
        },
      );
      const fail = (cause: Error): void =>
        reject(
          cause.name === 'TimeoutError' || cause.name === 'AbortError'
            ? new AppError('EXEC_TIMEOUT', 'the container engine did not answer in time', { cause })
            : new AppError('INTERNAL_ERROR', 'the container engine does not answer', { cause }),
        );
      outgoing.on('error', fail);
      outgoing.end(text);
    });
  }
}

/** Some answers have no body, or one that is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the engine says of a failure, in one line and not too long: it names images, names and ids only. */
export function engineFailure({ status, body }: EngineAnswer): string {
  const said = failure.safeParse(body);
  const message = said.success ? said.data.message.replace(/\s+/g, ' ').slice(0, 300) : 'no reason given';
  return `the container engine answered ${status}: ${message}`;
}
