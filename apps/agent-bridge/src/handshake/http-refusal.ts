import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export interface HttpRefusal {
  readonly status: number;
  readonly code: string;
  readonly msg: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

const body = ({ code, msg }: HttpRefusal): string =>
  JSON.stringify({ error: { code, msg }, server_time: new Date().toISOString() });

const headers = ({ retryAfter }: HttpRefusal, length: number): Record<string, string> => ({
  'Content-Type': 'application/json',
  'Content-Length': String(length),
  'Cache-Control': 'no-store',
  Connection: 'close',
  ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
});

/** Answers an upgrade request without upgrading, and ends the connection. */
export function refuseUpgrade(socket: Duplex, refused: HttpRefusal): void {
  if (!socket.writable) return void socket.destroy();
  const text = body(refused);
  const lines = Object.entries(headers(refused, Buffer.byteLength(text))).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${text}`,
  );
}

/** Answers a plain request likewise. */
export function refuseRequest(response: ServerResponse, refused: HttpRefusal): void {
  const text = body(refused);
  response.writeHead(refused.status, headers(refused, Buffer.byteLength(text))).end(text);
}
