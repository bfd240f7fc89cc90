import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Rfc2136Provider, parseTsigKey } from '../src';
import { guardWith } from './guard-with';

test.each(['localhost', '10.0.0.01', '127.1'])('%s is no address and not asked', async (host) => {
  const key = parseTsigKey('hmac-sha256:name:c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0')!;
  const provider = new Rfc2136Provider({ host, port: 53, key, guard: guardWith({ loopback: true }) });
  await expect(provider.addTxt('_acme-challenge.www.example.org', 'value')).rejects.toMatchObject({
    code: 'ACME_REFUSED',
    message: expect.stringContaining('is no IP address') as string,
  });
});

test.each(['127.0.0.1', '::ffff:127.0.0.1', '::1', '169.254.169.254', '0.0.0.0'])(
  'a name server at %s is not asked unless that is allowed',
  async (host) => {
    const here = createSocket('udp4').bind(0, '127.0.0.1');
    await once(here, 'listening');
    let asked = 0;
    here.on('message', () => asked++);
    const { port } = here.address();
    const key = parseTsigKey('hmac-sha256:name:c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0')!;
    const provider = new Rfc2136Provider({ host, port, key, guard: guardWith() });
    const name = '_acme-challenge.www.example.org';
    const refused = {
      code: 'ACME_REFUSED',
      message: expect.stringContaining('not public, and NETWORKS') as string,
    };
    await expect(provider.addTxt(name, 'value')).rejects.toMatchObject(refused);
    await expect(provider.removeTxt(name, 'value')).rejects.toMatchObject(refused);
    expect(asked).toBe(0);
    here.close();
  },
);
