import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ReachableAddresses } from '@viw/runtime';
import { postWebhook } from './post-webhook';

const hook = { headers: {}, body: '{}' };
const signal = new AbortController().signal;

it('a name that leads elsewhere by the time of the connection is refused then, and nothing is connected', async () => {
  let connections = 0;
  const victim = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => victim.listen(0, '127.0.0.1', resolve));
  const { port } = victim.address() as AddressInfo;
  // What was public when somebody looked at it leads to loopback now.
  const answers = [['127.0.0.1']];
  const addresses = new ReachableAddresses(
    { privateNetworks: [], setting: 'NETWORKS' },
    { resolve: () => Promise.resolve(answers.pop() ?? ['1.1.1.1']) },
  );
  const url = `https://hook.example:${port}/`;
  const posted = postWebhook({ url, ...hook }, { timeoutMs: 2_000 }, { addresses, signal });
  const error: unknown = await posted.catch((thrown: unknown) => thrown);
  await new Promise((resolve) => victim.close(resolve));
  expect([error, connections]).toEqual([expect.objectContaining({ code: 'FORBIDDEN' }), 0]);
});

it('plain HTTP is refused, and a look-up that never ends is given up', async () => {
  const addresses = new ReachableAddresses(
    { privateNetworks: [], setting: 'NETWORKS' },
    { resolve: () => new Promise(() => undefined) },
  );
  const post = (url: string) => postWebhook({ url, ...hook }, { timeoutMs: 50 }, { addresses, signal });
  await expect(post('http://hook.example/')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(post('https://hook.example/')).rejects.toMatchObject({ code: 'TIMEOUT' });
});
