import { isAmbiguous, legacyAllowlistVerifier, parseLegacyAllowance } from './legacy-allowlist';
import type { LegacyAllowance } from './legacy-allowlist';

const parse = (...entries: string[]): LegacyAllowance[] =>
  entries.map((entry) => {
    const parsed = parseLegacyAllowance(entry);
    if (!parsed) throw new Error(entry);
    return parsed;
  });

const idOf = async (
  allowances: readonly LegacyAllowance[],
  ip: string,
  clientKnown = true,
): Promise<string> => {
  const verdict = await legacyAllowlistVerifier({ allowances }).verify({
    path: '/',
    headers: {},
    ip,
    clientKnown,
    viaTrustedProxy: false,
  });
  return verdict.ok ? verdict.agentId : verdict.code;
};

test.each([
  '',
  'gw-1',
  '@10.0.0.0/8',
  'gw-1@',
  'gw-1@10.0.0.1',
  'gw-1@10.0.0.0/33',
  'gw-1@10.0.0.0/0',
  'gw-1@::/0',
  'gw-1@10.0.0/8',
  'gw-1@10.0.0.0/8x',
  'gw-1@010.0.0.0/8',
  'gw-1@host.example.org/8',
  'gw-1@2001:db8::/129',
  'gw-1@fe80::1%eth0/64',
  'gw 1@10.0.0.0/8',
  'gw-1@10.0.0.0/8@10.0.0.0/8',
  '__proto__/@10.0.0.0/8',
])('%j is no entry', (entry) => expect(parseLegacyAllowance(entry)).toBeUndefined());

test('an address stands for the id of its network, IPv4 and IPv6', async () => {
  const allowances = parse('gw-4@192.0.2.0/24', 'gw-6@2001:db8:1::/48');
  expect(await idOf(allowances, '192.0.2.77')).toBe('gw-4');
  expect(await idOf(allowances, '2001:db8:1:2::3')).toBe('gw-6');
  for (const stranger of ['192.0.3.1', '2001:db8:2::1', '', 'x'])
    expect(await idOf(allowances, stranger)).toBe('NOT_ALLOWED');
});

test('the address of a proxy that does not say for whom it asks stands for nobody', async () => {
  const allowances = parse('gw-4@192.0.2.0/24');
  expect(await idOf(allowances, '192.0.2.77', false)).toBe('NOT_ALLOWED');
  const asked = { path: '/', headers: {}, ip: '192.0.2.77', viaTrustedProxy: true };
  const verifier = legacyAllowlistVerifier({ allowances });
  expect(verifier.offeredBy({ ...asked, clientKnown: false })).toBe(false);
  expect(verifier.offeredBy({ ...asked, clientKnown: true })).toBe(true);
});

test('of several networks the smallest decides', async () => {
  const allowances = parse('gw-site@10.0.0.0/8', 'gw-one@10.1.2.3/32', 'gw-rack@10.1.2.0/24');
  expect(await idOf(allowances, '10.1.2.3')).toBe('gw-one');
  expect(await idOf(allowances, '10.1.2.4')).toBe('gw-rack');
  expect(await idOf(allowances, '10.9.9.9')).toBe('gw-site');
});

test('one network for two ids is ambiguous, however it is written; two networks for one id are not', () => {
  expect(isAmbiguous(parse('gw-1@10.1.0.0/16', 'gw-2@10.1.9.9/16'))).toBe(true);
  expect(isAmbiguous(parse('gw-1@10.1.0.0/16', 'gw-2@10.1.0.0/17'))).toBe(false);
  expect(isAmbiguous(parse('gw-1@10.1.0.0/16', 'gw-1@10.1.0.0/16', 'gw-1@2001:db8::/32'))).toBe(false);
});
