import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { helperRequest } from '@viw/contracts';
import { HelperClient } from './socket-client';
import { helperRequestMac } from './message-mac';
import { encodeHelperMessage, HelperMessageReader } from './message-framing';

const reply = {
  status: 'success',
  rc: 0,
  stdout: 'ok',
  stderr: '',
  truncated: false,
  duration_ms: 1,
} as const;
const secret = 'a secret of this test';

describe('HelperMessageReader', () => {
  it('finds messages however the stream is cut', () => {
    const stream = Buffer.concat([encodeHelperMessage({ a: 'ä' }), encodeHelperMessage([2])]);
    for (let size = 1; size <= stream.length; size++) {
      const reader = new HelperMessageReader();
      const found: unknown[] = [];
      for (let at = 0; at < stream.length; at += size)
        found.push(...reader.push(stream.subarray(at, at + size)));
      expect(found).toEqual([{ a: 'ä' }, [2]]);
    }
  });

  it('refuses a length that is too large before the body comes, and what is not JSON', () => {
    expect(() => new HelperMessageReader().push(Buffer.from([0, 8, 0, 1]))).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }) as Error,
    );
    expect(() => new HelperMessageReader().push(Buffer.from([0, 0, 0, 2, 0x22, 0xff]))).toThrow(
      expect.objectContaining({ code: 'SCHEMA_MISMATCH' }) as Error,
    );
  });
});

describe('HelperClient', () => {
  const dir = mkdtempSync(join(tmpdir(), 'viw-socket-client-'));
  const stops: (() => void)[] = [];

  afterAll(() => {
    stops.forEach((stop) => stop());
    rmSync(dir, { recursive: true });
  });

  const listen = async (serve: (socket: Socket) => void): Promise<HelperClient> => {
    const socketPath = join(dir, randomUUID().slice(0, 8));
    const server = createServer(serve);
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    stops.push(() => server.close());
    return new HelperClient({ socketPath, secret, agentId: 'gw-1' });
  };

  it('sends a request with a valid MAC and returns the reply', async () => {
    const requests: unknown[] = [];
    const client = await listen((socket) => {
      const reader = new HelperMessageReader();
      socket.on('data', (chunk) => {
        requests.push(...reader.push(chunk));
        socket.write(encodeHelperMessage(reply));
      });
    });
    await expect(client.call({ verb: 'list_users', jws: 'a.b.c', timeoutMs: 60_000 })).resolves.toEqual(
      reply,
    );
    const { hmac, ...request } = helperRequest.parse(requests[0]);
    expect(request).toMatchObject({ agent_id: 'gw-1', verb: 'list_users', args: {}, jws: 'a.b.c' });
    expect(hmac).toBe(helperRequestMac(secret, request));
  });

  it.each<[string, number, (socket: Socket) => void]>([
    ['closes', 30_000, (socket) => socket.once('data', () => socket.destroy())],
    [
      'answers nonsense',
      30_000,
      (socket) => socket.once('data', () => socket.write(encodeHelperMessage({}))),
    ],
    ['says nothing', 1_000, () => undefined],
  ])('tells a helper that %s from one that never got the request', async (_name, timeoutMs, serve) => {
    const client = await listen(serve);
    await expect(client.call({ verb: 'list_users', timeoutMs })).rejects.toMatchObject({
      code: 'HELPER_UNAVAILABLE',
      meta: { delivered: true },
    });
  });

  it('says when nobody listens', async () => {
    const client = new HelperClient({ socketPath: join(dir, 'nobody'), secret, agentId: 'gw-1' });
    await expect(client.describe()).rejects.toMatchObject({
      code: 'HELPER_UNAVAILABLE',
      meta: { delivered: false },
    });
  });
});
