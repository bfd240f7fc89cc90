import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { subprotocol } from '@viw/contracts';
import { readRefusal } from '../connection/refusal';
import type { Refusal } from '../connection/refusal';

export interface HubAnswer {
  readonly refusal: Refusal;
  /** Milliseconds since the Unix epoch, by the host's clock. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

/**
 * Asks a hub for an upgrade by a proof that is none, so that it refuses and says what time it is. It must not succeed: a
 * second connection would push out the agent that runs. For the same reason no client certificate is shown.
 */
export function askHub(
  url: URL,
  { ca, timeoutMs }: { readonly ca: string | undefined; readonly timeoutMs: number },
): Promise<HubAnswer> {
  const secure = url.protocol === 'wss:';
  const target = new URL(url.href.replace(/^ws/, 'http'));
  const askedAt = Date.now();
  return new Promise((resolve, reject) => {
    const request = (secure ? httpsRequest : httpRequest)(target, {
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(ca === undefined ? {} : { ca }),
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        'sec-websocket-protocol': subprotocol,
        'x-agent-auth': 'ed25519 doctor',
      },
    });
    request.on('response', (response) => {
      const answeredAt = Date.now();
      void readRefusal(response, answeredAt).then((refusal) => resolve({ refusal, askedAt, answeredAt }));
    });
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('it lets in whoever asks'));
    });
    request.on('error', reject);
    request.end();
  });
}
