import { connect } from 'node:net';

/** When a program counts as started. A function is ready when it resolves, and not yet when it throws. */
export type ReadyWhen =
  | { port: number; host?: string }
  /** Answers with a 2xx status. */
  | { url: string }
  /** Its output so far matches. */
  | { line: RegExp }
  | (() => Promise<unknown>);

/** One attempt; throws when it is not ready yet. */
export async function checkReady(condition: ReadyWhen, output: () => string): Promise<void> {
  if (typeof condition === 'function') {
    await condition();
  } else if ('port' in condition) {
    await acceptsTcp(condition.port, condition.host);
  } else if ('url' in condition) {
    await answersHttp(condition.url);
  } else if (!condition.line.test(output())) {
    throw new Error(`no output yet that matches ${String(condition.line)}`);
  }
}

export async function acceptsTcp(port: number, host = '127.0.0.1'): Promise<void> {
  await exchange({ port, host });
}

async function answersHttp(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000), headers: { connection: 'close' } });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
}

/**
 * Connects, sends `say`, resolves with the first piece of the answer (without `say` and `listen`: as soon as
 * connected). Throws when refused, closed early or silent for 2 s.
 */
export function exchange(options: {
  port: number;
  host?: string;
  say?: string;
  listen?: boolean;
}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: options.port, host: options.host ?? '127.0.0.1' });
    const finish = (error: Error | undefined, answer = '') => {
      socket.destroy();
      if (error) reject(error);
      else resolve(answer);
    };
    socket.setTimeout(2_000, () => finish(new Error(`port ${options.port} is silent`)));
    socket.once('error', finish);
    socket.once('end', () => finish(new Error(`port ${options.port} closes the connection`)));
    socket.once('data', (data: Buffer) => finish(undefined, data.toString('utf8')));
    socket.once('connect', () => {
      if (options.say !== undefined) socket.write(options.say);
      else if (!options.listen) finish(undefined);
    });
  });
}
