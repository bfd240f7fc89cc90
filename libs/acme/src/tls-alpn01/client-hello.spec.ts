import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { offeredProtocols } from './client-hello';

/** What a client of Node says first. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const said = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => socket.once('data', (data: Buffer) => resolve(data)));
  });
  const client = connect({ port, host: '127.0.0.1', ...options });
  client.on('error', () => undefined);
  const bytes = await said;
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  return bytes;
}

/** The same message in records of so many octets. */
function inRecords(hello: Buffer, octets: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += octets) {
    const part = message.subarray(at, at + octets);
    const header = Buffer.from([0x16, 3, 1, 0, 0]);
    header.writeUInt16BE(part.length, 3);
    records.push(header, part);
  }
  return Buffer.concat(records);
}

it.each([
  [['acme-tls/1'], {}],
  [['h2', 'http/1.1'], { maxVersion: 'TLSv1.2' as const }],
  [undefined, { servername: 'viw.example.org' }],
])('knows what clients offer: %j', async (protocols, options) => {
  const hello = await helloOf({ ...options, ...(protocols && { ALPNProtocols: protocols }) });
  expect(offeredProtocols(hello)).toEqual(protocols);
  expect(offeredProtocols(Buffer.concat([hello, randomBytes(100)]))).toEqual(protocols);
  for (let length = 0; length < hello.length; length++)
    expect([length, offeredProtocols(hello.subarray(0, length))]).toEqual([length, 'incomplete']);
  for (const octets of [100, 300]) expect(offeredProtocols(inRecords(hello, octets))).toEqual(protocols);
});

it('bears with whatever a stranger sends, and asks for no more than there can be', async () => {
  const hello = await helloOf({ ALPNProtocols: ['acme-tls/1'] });
  for (let round = 0; round < 5_000; round++) {
    const altered = Buffer.from(hello);
    for (let n = 0; n <= round % 4; n++)
      altered[Math.floor(Math.random() * altered.length)] = Math.floor(Math.random() * 256);
    offeredProtocols(altered);
  }
  for (const text of ['GET / HTTP/1.1\r\n\r\n', '\x80\x2e\x01\x03\x01', '\x15\x03\x01\x00\x02'])
    expect(offeredProtocols(Buffer.from(text, 'latin1'))).toBeUndefined();
  const huge = Buffer.from(hello);
  huge.writeUIntBE(0xffffff, 6, 3);
  expect(offeredProtocols(huge)).toBeUndefined();
  expect(offeredProtocols(inRecords(hello, 1))).toBeUndefined();
  expect(offeredProtocols(Buffer.alloc(70_000, Buffer.from([0x16, 3, 1, 0, 0])))).toBeUndefined();
});
