import type { IncomingMessage } from 'node:http';
import { AppError } from './errors';

/** Reads a request body; empty if there is none. @throws AppError PAYLOAD_TOO_LARGE above `limit` bytes */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The request outlives an early end of this loop, so that the refusal can still be sent on its socket.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new AppError('PAYLOAD_TOO_LARGE', `the body is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads a JSON request body.
 *
 * @returns the parsed value, undefined for an empty body
 * @throws AppError PAYLOAD_TOO_LARGE above `limit` bytes; BAD_REQUEST for another media type or malformed JSON
 */
export async function readJsonBody(request: IncomingMessage, limit: number): Promise<unknown> {
  const body = await readBody(request, limit);
  if (body.length === 0) return undefined;
  // Demanding the type also keeps web pages out: a browser asks first before it sends JSON to another origin.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new AppError('BAD_REQUEST', 'the body must be application/json');
  }
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new AppError('BAD_REQUEST', 'the body is not valid JSON');
  }
}
