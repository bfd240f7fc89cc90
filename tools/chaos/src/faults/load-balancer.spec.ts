import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { LoadBalancer } from './load-balancer';

const servers: Server[] = [];
let balancer: LoadBalancer;

/** Says its name to whoever connects. */
async function serverCalled(name: string): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).end(name));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** What the next connection hears until it is closed. */
const hear = (): Promise<string> =>
  new Promise((resolve) => {
    let heard = '';
    connect(balancer.port, '127.0.0.1')
      .on('data', (piece) => (heard += piece.toString()))
      .on('error', () => undefined)
      .on('close', () => resolve(heard));
  });

afterEach(async () => {
  await balancer.stop();
  for (const server of servers.splice(0)) server.close();
});

it('sends each connection to the next target; one that is dead costs the connection', async () => {
  const ports = [await serverCalled('a'), await serverCalled('b')];
  balancer = await LoadBalancer.start(ports);
  expect([await hear(), await hear(), await hear()]).toEqual(['a', 'b', 'a']);
  await new Promise((resolve) => servers[1]?.close(resolve));
  expect([await hear(), await hear()]).toEqual(['', 'a']);
});
