import type { RegistryEntry } from '@viw/contracts';
import { GatewayRegistry } from './gateway-registry';
import type { RegistryChange } from './gateway-registry';

const certificate = 'c'.repeat(64);
const active = (agent_id: string, more: Partial<RegistryEntry> = {}): RegistryEntry => ({
  agent_id,
  state: 'active',
  ...more,
});

const make = () => {
  const changes: RegistryChange[] = [];
  return { changes, registry: new GatewayRegistry({ onChange: (change) => changes.push(change) }) };
};

it('knows nothing and counts as frozen before its first snapshot', () => {
  const { registry } = make();
  expect(registry).toMatchObject({ isLoaded: false, isFrozen: true, version: undefined });
  expect(registry.apply({ kind: 'gateway', version: 1, entry: active('a') })).toBe('gap');
  expect(registry.entry('a')).toBeUndefined();
});

it('takes each version once, in order, and tells whom it concerns', () => {
  const { registry, changes } = make();
  registry.load({ version: 4, frozen: false, gateways: [active('a')] });
  expect(registry.apply({ kind: 'gateway', version: 4, entry: active('b') })).toBe('known');
  expect(registry.apply({ kind: 'gateway', version: 6, entry: active('b') })).toBe('gap');
  expect(registry.apply({ kind: 'gateway', version: 5, entry: active('b') })).toBe('applied');
  expect(registry.apply({ kind: 'freeze', version: 6, frozen: true })).toBe('applied');
  expect(registry).toMatchObject({ version: 6, isFrozen: true, size: 2 });
  expect(changes).toEqual([{ kind: 'everything' }, { kind: 'gateway', agentId: 'b' }]);
});

it('is behind while a change that was announced is missing', () => {
  const { registry } = make();
  expect(registry.isBehind).toBe(false);
  registry.load({ version: 4, frozen: false, gateways: [] });
  registry.apply({ kind: 'gateway', version: 7, entry: active('a') });
  expect(registry.isBehind).toBe(true);
  registry.load({ version: 6, frozen: false, gateways: [] });
  expect(registry.isBehind).toBe(true);
  registry.apply({ kind: 'gateway', version: 7, entry: active('a') });
  expect(registry.isBehind).toBe(false);
});

it('takes the place of everything by a snapshot, but never by an older one', () => {
  const { registry, changes } = make();
  registry.load({ version: 4, frozen: false, gateways: [active('a')] });
  expect(registry.load({ version: 3, frozen: true, gateways: [] })).toBe(false);
  expect(registry).toMatchObject({ version: 4, isFrozen: false, size: 1 });
  expect(registry.load({ version: 7, frozen: false, gateways: [active('b')] })).toBe(true);
  expect([registry.entry('a'), registry.entry('b')]).toEqual([undefined, active('b')]);
  expect(changes).toHaveLength(2);
});

it('a freeze that comes too early holds until its version is reached, whatever a snapshot on the way says', () => {
  const { registry } = make();
  registry.load({ version: 1, frozen: false, gateways: [] });
  expect(registry.apply({ kind: 'freeze', version: 5, frozen: true })).toBe('gap');
  registry.load({ version: 4, frozen: false, gateways: [] });
  expect(registry.isFrozen).toBe(true);
  registry.load({ version: 6, frozen: false, gateways: [] });
  expect(registry.isFrozen).toBe(false);
});

it('a certificate opens the gateway that has it now', () => {
  const { registry } = make();
  const revoked = { ...active('a', { certificate_sha256: certificate }), state: 'revoked' } as const;
  registry.load({ version: 1, frozen: false, gateways: [active('a', { certificate_sha256: certificate })] });
  expect(registry.withCertificate(certificate)?.agent_id).toBe('a');
  registry.apply({ kind: 'gateway', version: 2, entry: revoked });
  expect(registry.withCertificate(certificate)).toEqual(revoked);
  registry.apply({ kind: 'gateway', version: 3, entry: active('b', { certificate_sha256: certificate }) });
  registry.apply({ kind: 'gateway', version: 4, entry: { ...revoked, state: 'decommissioned' } });
  expect(registry.withCertificate(certificate)?.agent_id).toBe('b');
  registry.apply({ kind: 'gateway', version: 5, entry: active('b') });
  expect(registry.withCertificate(certificate)).toBeUndefined();
});
