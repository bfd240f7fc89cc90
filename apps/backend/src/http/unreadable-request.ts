import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError, toProblem } from '@viw/runtime';

function reason({ code }: NodeJS.ErrnoException): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('PAYLOAD_TOO_LARGE', 'The address and the headers are too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('BAD_REQUEST', 'The request did not come in time');
    default:
      return new AppError('BAD_REQUEST', 'This is no HTTP/1.1 request');
  }
}

/**
 * Answers what no route can be asked for, because it is not a request: with a problem document as everything else, and the
 * connection ends, since nothing tells where the next request would begin.
 */
export function refuseUnreadable(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const problem = toProblem(reason(error));
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}
