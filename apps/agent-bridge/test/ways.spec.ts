import { generateKeyPairSync } from 'node:crypto';
import { signKeyHandshake } from '@viw/agent-auth';
import { agentSessionsStream } from '@viw/contracts';
import type { Ed25519PublicKey } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { dialWith, signed, uniqueAgent, upgrade } from './test-agent';
import type { TestHub } from './test-hub';
import { TestRegistry, active, unknownAgent } from './test-registry';
import { matching } from './test-streams';

const stage = hubStage();
let registry: TestRegistry;
let hub: TestHub;

beforeAll(async () => {
  registry = new TestRegistry(stage.redis);
  hub = await stage.startHub({ AGENT_BRIDGE_ED25519: 'true' });
});

const newKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicJwk: publicKey.export({ format: 'jwk' }) as Ed25519PublicKey };
};
type Key = ReturnType<typeof newKey>;

const byKey = (
  agentId: string,
  { privateKey }: Key,
  more: Partial<Parameters<typeof signKeyHandshake>[0]> = {},
) => signKeyHandshake({ privateKey, agentId, path: '/agent/ws', now: Date.now(), ...more });

async function withKey(
  state: 'active' | 'revoked' | 'decommissioned' = 'active',
): Promise<{ id: string; key: Key }> {
  const [id, key] = [uniqueAgent(), newKey()];
  await registry.gateway({ ...active(id, { signing_key: key.publicJwk }), state });
  await eventually(async () =>
    expect(await (await fetch(`${hub.opsUrl}/internal/readyz`)).text()).toContain(
      `version ${registry.version},`,
    ),
  );
  return { id, key };
}

const answer = async (headers: Record<string, string>, at = hub): Promise<string> => {
  const { status, body } = await upgrade(at.port, headers);
  return `${status} ${body.error?.code}`;
};

describe('ed25519', () => {
  it('lets a gateway in by its own key, once per nonce', async () => {
    const { id, key } = await withKey();
    const headers = byKey(id, key);
    const agent = await dialWith(hub.url, id, headers);
    expect(await agent.next('HELLO_ACK')).toMatchObject({ agent_id: id });
    expect(await answer(headers)).toBe('409 REPLAYED_NONCE');
    await agent.close();
  });

  it.each(['/ws/agent', '/agent'])('signs the path requested: %s', async (path) => {
    const { id, key } = await withKey();
    await (await dialWith(hub.url, id, byKey(id, key, { path }), { path })).close();
    expect(await answer(byKey(id, key, { path }))).toBe('401 BAD_SIGNATURE');
  });

  it('refuses what does not fit, with the code for it', async () => {
    const { id, key } = await withKey();
    const other = await withKey();
    expect(await answer(byKey(id, newKey()))).toBe('401 BAD_SIGNATURE');
    expect(await answer({ ...byKey(other.id, other.key), 'X-Agent-Id': id })).toBe('401 BAD_SIGNATURE');
    expect(await answer({ ...byKey(id, key), 'X-Agent-Auth': 'ed25519 AAAA' })).toBe('401 BAD_SIGNATURE');
    expect(await answer(byKey(id, key, { nonce: 'abc' }))).toBe('400 BAD_REQUEST');
    const late = await upgrade(hub.port, byKey(id, key, { now: 0 }));
    expect(late).toMatchObject({ status: 401, body: { error: { code: 'CLOCK_SKEW' } } });
    expect(Math.abs(Date.parse(late.body.server_time ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('a gateway without a key and one that nobody knows get the answer of a wrong signature', async () => {
    const key = newKey();
    expect(await answer(byKey(uniqueAgent(), key))).toBe('401 BAD_SIGNATURE');
    expect(await answer(byKey(unknownAgent(), key))).toBe('401 BAD_SIGNATURE');
  });

  it('tells a revoked and a decommissioned gateway apart, and strangers nothing of either', async () => {
    for (const [state, refused] of [
      ['revoked', '403 REVOKED'],
      ['decommissioned', '403 DECOMMISSIONED'],
    ] as const) {
      const { id, key } = await withKey(state);
      expect(await answer(byKey(id, key))).toBe(refused);
      expect(await answer(byKey(id, newKey()))).toBe('401 BAD_SIGNATURE');
      // Nor whoever holds the shared secret, which does not open it.
      expect(await answer(signed(id))).toBe('403 NOT_ALLOWED');
    }
  });

  const known = () =>
    eventually(async () =>
      expect(await (await fetch(`${hub.opsUrl}/internal/readyz`)).text()).toContain(
        `version ${registry.version},`,
      ),
    );

  it('a renewed key drops nothing: the session stays, and the former key opens until its time is over', async () => {
    const { id, key } = await withKey();
    const agent = await dialWith(hub.url, id, byKey(id, key));
    const next = newKey();
    const renewed = (until: number) =>
      active(id, {
        signing_key: next.publicJwk,
        former_key: { key: key.publicJwk, until: new Date(until).toISOString() },
      });
    await registry.gateway(renewed(Date.now() - 1_000));
    await known();
    expect(await answer(byKey(id, key))).toBe('401 BAD_SIGNATURE');
    expect(agent.isClosed).toBe(false);
    await registry.gateway(renewed(Date.now() + 60_000));
    await known();
    const byFormer = await dialWith(hub.url, id, byKey(id, key));
    expect(await agent.closed).toBe(4409);
    const byNext = await dialWith(hub.url, id, byKey(id, next));
    expect(await byFormer.closed).toBe(4409);
    await byNext.close();
  });

  it('a session of a former key ends with a revocation, and when an administrator replaces the key', async () => {
    const { id, key } = await withKey();
    const next = newKey();
    const former_key = { key: key.publicJwk, until: new Date(Date.now() + 60_000).toISOString() };
    await registry.gateway(active(id, { signing_key: next.publicJwk, former_key }));
    await known();
    const one = await dialWith(hub.url, id, byKey(id, key));
    await registry.gateway(active(id, { signing_key: next.publicJwk }));
    expect(await one.closed).toBe(4401);
    const two = await dialWith(hub.url, id, byKey(id, next));
    await registry.gateway({ ...active(id, { signing_key: next.publicJwk }), state: 'revoked' });
    expect(await two.closed).toBe(4401);
  });

  it('the shared secret opens a gateway with a key no longer', async () => {
    const { id } = await withKey();
    expect(await answer(signed(id))).toBe('403 NOT_ALLOWED');
  });

  it('a key that was replaced is off at once', async () => {
    const { id, key } = await withKey();
    const agent = await dialWith(hub.url, id, byKey(id, key));
    const next = newKey();
    await registry.gateway(active(id, { signing_key: next.publicJwk }));
    expect(await agent.closed).toBe(4401);
    expect(await answer(byKey(id, key))).toBe('401 BAD_SIGNATURE');
    await (await dialWith(hub.url, id, byKey(id, next))).close();
  });
});

describe('only ways that are switched on count', () => {
  it('an X-Agent-Auth that none of them can check is refused', async () => {
    const { id, key } = await withKey();
    const [secretOnly, keysOnly] = [
      await stage.startHub(),
      await stage.startHub({ AGENT_BRIDGE_ED25519: 'true', AGENT_BRIDGE_SHARED_SECRET: '' }),
    ];
    expect(await answer(byKey(id, key), secretOnly)).toBe('401 BAD_SIGNATURE');
    expect(await answer(signed(uniqueAgent()), keysOnly)).toBe('401 BAD_SIGNATURE');
    expect(await answer({}, keysOnly)).toBe('400 BAD_REQUEST');
    await (await dialWith(keysOnly.url, id, byKey(id, key))).close();
    await Promise.all([secretOnly.stop(), keysOnly.stop()]);
  });

  it.each([
    ['10.0.0.0/8', 'gw-1@10.1.2.3/32'],
    ['10.1.2.3', 'gw-1@10.1.0.0/16'],
  ])('a hub to which the proxy %s is an agent by %s does not start', async (proxy, allowance) => {
    const settings = { AGENT_BRIDGE_TRUSTED_PROXIES: proxy, AGENT_BRIDGE_LEGACY_AGENTS: allowance };
    await expect(stage.startHub(settings)).rejects.toThrow('a proxy is no agent');
  });

  it('a hub on which none is does not start', async () => {
    await expect(stage.startHub({ AGENT_BRIDGE_SHARED_SECRET: '' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('AGENT_BRIDGE_SHARED_SECRET') as string,
    });
  });
});

describe('behind a proxy', () => {
  const addressOf = async (id: string): Promise<string | undefined> => {
    const [entry] = await matching(
      stage.redis,
      agentSessionsStream,
      (body) => body.kind === 'rejected' && body.agent_id === id,
    );
    return entry && 'ip' in entry ? entry.ip : undefined;
  };
  const forwarded = (id: string, value: string) => ({ ...signed(id, { now: 0 }), 'X-Forwarded-For': value });

  it('X-Forwarded-For of a trusted one is believed, up to the first address that is none; of others never', async () => {
    const [trusting, careful] = [uniqueAgent(), uniqueAgent()];
    const behind = await stage.startHub({ AGENT_BRIDGE_TRUSTED_PROXIES: '127.0.0.0/8, 198.51.100.7' });
    await answer(forwarded(trusting, '203.0.113.9, 192.0.2.44, 198.51.100.7'), behind);
    await answer(forwarded(careful, '203.0.113.9'));
    expect(await addressOf(trusting)).toBe('192.0.2.44');
    expect(await addressOf(careful)).toBe('127.0.0.1');
    await behind.stop();
  });

  it('whoever is none and speaks about client certificates is refused, whatever else it proves', async () => {
    for (const headers of [
      { 'X-SSL-Client-Verify': 'SUCCESS' },
      { 'X-SSL-Client-Verify': 'NONE' },
      { 'X-SSL-Client-DN': 'CN=gw-1' },
    ])
      expect(await answer({ ...signed(uniqueAgent()), ...headers })).toBe('403 NOT_ALLOWED');
  });
});
