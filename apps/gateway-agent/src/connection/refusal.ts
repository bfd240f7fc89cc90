import type { IncomingMessage } from 'node:http';
import { handshakeRefusal } from '@viw/contracts';
import type { HandshakeErrorCode } from '@viw/contracts';

/** Why the upgrade was refused. Without `code` it was not a hub of ours that answered (a proxy, for instance). */
export interface Refusal {
  readonly status: number;
  readonly code?: HandshakeErrorCode;
  readonly msg?: string;
  /** RFC 3339. */
  readonly serverTime?: string;
  readonly retryAfterMs?: number;
}

const BODY_LIMIT = 8 * 1024;

/** RFC 9110 section 10.2.3: seconds or a date. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > BODY_LIMIT) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads the answer that came instead of the upgrade. Never rejects. */
export async function readRefusal(response: IncomingMessage, now: number): Promise<Refusal> {
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now);
  const outer = {
    status: response.statusCode ?? 0,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  try {
    const { error, server_time: serverTime } = handshakeRefusal.parse(JSON.parse(await readBody(response)));
    return { ...outer, code: error.code, msg: error.msg.slice(0, 500), serverTime };
  } catch {
    return outer;
  }
}
