import { readFile } from 'node:fs/promises';
import { Agent, createServer, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../ports';
import { scratch } from '../scratch';
import { selfSign } from '../self-signed';
import type { AcmeAnswer, AcmeFault, AcmeRequest } from './fault';

export interface FaultProxyOptions {
  /** The CA behind it. */
  readonly directoryUrl: string;
  readonly caCertPem: string;
}

export interface FaultProxy {
  /** The CA, seen through the proxy: everything that it links to leads here, too. */
  readonly directoryUrl: string;
  /** Trust anchor of the proxy's HTTPS. */
  readonly caCertPem: string;
  /** All requests so far, oldest first, but those that the CA refused for their nonce: they count for nothing and come again. */
  readonly requests: AcmeRequest[];
  /** From now on these and no others. Of several that answer, the first does; changes follow each other. */
  use(...faults: AcmeFault[]): void;
  stop(): Promise<void>;
}

/** Stands in front of an ACME CA and plays what the CA does not: limits, windows, broken and slow answers. */
export async function startFaultProxy({
  directoryUrl,
  caCertPem: ca,
}: FaultProxyOptions): Promise<FaultProxy> {
  const target = new URL(directoryUrl);
  const port = await freePort();
  const folder = await scratch('acme-faults');
  const certFile = join(folder.path, 'https.pem');
  const keyFile = join(folder.path, 'https-key.pem');
  await selfSign({ names: ['localhost', '127.0.0.1'], certFile, keyFile });
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  const agent = new Agent({ ca, keepAlive: true });
  const requests: AcmeRequest[] = [];
  let faults: readonly AcmeFault[] = [];

  const answerTo = async (incoming: IncomingMessage): Promise<AcmeAnswer> => {
    const body = await textOf(incoming);
    const request = decode(incoming, body);
    requests.push(request);
    const now = faults;
    for (const fault of now) {
      const answer = await fault.answer?.(request);
      if (answer) return answer;
    }
    let answer = await forward(target, agent, incoming, body);
    if (isBadNonce(answer)) requests.splice(requests.indexOf(request), 1);
    for (const fault of now) answer = (await fault.change?.(request, answer)) ?? answer;
    return answer;
  };
  const server = createServer({ cert, key }, (incoming, response) => {
    answerTo(incoming).then(
      ({ status, headers, body }) => {
        response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
        response.end(incoming.method === 'HEAD' ? undefined : body);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    directoryUrl: `https://127.0.0.1:${port}${target.pathname}`,
    caCertPem: cert,
    requests,
    use: (...chosen) => {
      faults = chosen;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
      await folder.remove();
    },
  };
}

/** RFC 8555 section 6.5. */
const isBadNonce = ({ status, body }: AcmeAnswer): boolean =>
  status === 400 && body.includes('urn:ietf:params:acme:error:badNonce');

/** The Host header stays as it came: the CA makes its links of it and checks signed URLs against it. */
function forward(target: URL, agent: Agent, incoming: IncomingMessage, body: string): Promise<AcmeAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: target.hostname,
      port: target.port,
      path: incoming.url,
      method: incoming.method,
      headers: incoming.headers,
      agent,
      servername: target.hostname === '127.0.0.1' ? 'localhost' : target.hostname,
    };
    const call = httpsRequest(options, (answer) => {
      textOf(answer).then(
        (text) => resolve({ status: answer.statusCode ?? 502, headers: headersOf(answer), body: text }),
        reject,
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

async function textOf(message: IncomingMessage): Promise<string> {
  message.setEncoding('utf8');
  let text = '';
  for await (const piece of message) text += String(piece);
  return text;
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.has(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

function decode({ method = 'GET', url = '/' }: IncomingMessage, body: string): AcmeRequest {
  const path = url.replace(/\?.*/, '');
  try {
    const { payload } = JSON.parse(body) as { payload: string };
    const decoded = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    return { method, path, payload: decoded };
  } catch {
    return { method, path, payload: undefined };
  }
}
