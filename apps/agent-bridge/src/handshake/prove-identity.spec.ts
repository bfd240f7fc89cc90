import { proveIdentity } from './prove-identity';
import { refusal } from './verifier';
import type { HandshakeRequest, HandshakeVerifier } from './verifier';

const request: HandshakeRequest = {
  path: '/agent/ws',
  headers: {},
  ip: '192.0.2.1',
  clientKnown: true,
  viaTrustedProxy: false,
};

/** A way whose proof every request carries. */
const way = (name: string, agentId: string | undefined, more: Partial<HandshakeVerifier> = {}) => ({
  way: name,
  offeredBy: () => true,
  verify: () =>
    agentId === undefined ? refusal('BAD_SIGNATURE', 'wrong') : { ok: true as const, way: name, agentId },
  ...more,
});

const verdict = async (...verifiers: HandshakeVerifier[]): Promise<string> => {
  const proven = await proveIdentity(request, verifiers);
  return proven.ok ? `${proven.way} ${proven.agentId}` : `${proven.code} ${proven.msg}`;
};

describe('a way that counts only alone', () => {
  const address = way('address', 'gw-site', { onlyAlone: true });

  it('decides where nothing else is offered', async () => {
    expect(await verdict(way('key', 'gw-1', { offeredBy: () => false }), address)).toBe('address gw-site');
  });

  it('neither contradicts a better proof nor makes up for a wrong one', async () => {
    expect(await verdict(way('certificate', 'gw-1'), address)).toBe('certificate gw-1');
    expect(await verdict(way('certificate', undefined), address)).toBe('BAD_SIGNATURE wrong');
  });
});

it('two ways that both count must agree', async () => {
  expect(await verdict(way('a', 'gw-1'), way('b', 'gw-1'))).toBe('a gw-1');
  expect(await verdict(way('a', 'gw-1'), way('b', 'gw-2'))).toContain('NOT_ALLOWED');
});

it('says what the ways that are switched on need, each thing once', async () => {
  const none = { offeredBy: () => false };
  const key = { ...none, needs: 'header X-Agent-Auth' } as const;
  const certificate = { ...none, needs: 'a client certificate' } as const;
  expect(
    await verdict(way('a', '', certificate), way('b', '', key), way('c', '', key), way('d', '', none)),
  ).toBe('BAD_REQUEST a client certificate or header X-Agent-Auth is missing');
  expect(await verdict(way('d', '', none))).toBe('BAD_REQUEST a proof of identity is missing');
});
