import { CommandSigner, generateSigningKey } from '@viw/commands';
import type { SigningKeyPair } from '@viw/commands';
import { signedPolicy } from '@viw/commands/testing';
import { commandEventsStream, hubStream } from '@viw/contracts';
import type { RunCommandBody } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { hubStage } from './hub-stage';
import { LegacyAgent } from './legacy-agent';
import { join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { TestRegistry } from './test-registry';
import { matching, publish, runCommand } from './test-streams';

const stage = hubStage('each');
let hub: TestHub;
let registry: TestRegistry;
let backend: SigningKeyPair;
let next: SigningKeyPair;

const legacyAddress = '127.0.9.1';
const legacyId = uniqueAgent();

beforeEach(async () => {
  registry = new TestRegistry(stage.redis);
  [backend, next] = await Promise.all([generateSigningKey(), generateSigningKey()]);
});

const start = async (more: Record<string, string> = {}): Promise<void> => {
  hub = await stage.startHub({
    AGENT_BRIDGE_ENVELOPE_JWS_REQUIRED: 'true',
    AGENT_BRIDGE_LEGACY_AGENTS: `${legacyId}@${legacyAddress}/32`,
    ...more,
  });
};
const pins = () => ({ AGENT_BRIDGE_TRUSTED_KEYS: JSON.stringify({ keys: [backend.publicKey] }) });

async function command(agentId: string, by: SigningKeyPair): Promise<RunCommandBody> {
  const body = runCommand(agentId);
  const iat = Math.floor(Date.now() / 1_000);
  const jws = await new CommandSigner({ key: by.privateKey }).sign({
    corr_id: body.correlation_id,
    verb: body.verb,
    args: {},
    actor: { id: 'a', role: 'admin' },
    policy_id: 'default',
    nonce: 'nonce-nonce',
    iat,
    exp: iat + 30,
    agent_targets: [agentId],
  });
  return { ...body, jws };
}

const rejection = async (id: string) =>
  (
    await matching(
      stage.redis,
      commandEventsStream,
      ({ correlation_id, state }) => correlation_id === id && state === 'rejected',
    )
  )[0]?.reason;

describe('what the backend has signed for hosts', () => {
  it('reaches an agent before its session begins, and again whenever there is something newer', async () => {
    const first = await signedPolicy(backend, 1, [backend]);
    await registry.hostPolicies([first]);
    await start();
    const agent = await join(hub.url, uniqueAgent());
    const types = agent.received.map(({ type }) => type);
    expect(types.indexOf('HOST_POLICY')).toBeGreaterThan(-1);
    expect(types.indexOf('HOST_POLICY')).toBeLessThan(types.indexOf('WELCOME'));
    expect(agent.all('HOST_POLICY')[0]?.policies).toEqual([first]);
    const second = await signedPolicy(backend, 2, [backend, next]);
    await registry.hostPolicies([first, second]);
    expect((await agent.next('HOST_POLICY')).policies).toEqual([first, second]);
    // A change of something else is no news of it.
    await registry.freeze(true);
    await eventually(async () => expect(await hub.metrics()).toMatch(/frozen\S* 1/));
    expect(agent.all('HOST_POLICY')).toHaveLength(2);
  });

  it('is nothing that a deployed agent is told', async () => {
    await registry.hostPolicies([await signedPolicy(backend, 1, [backend])]);
    await start(pins());
    const agent = await LegacyAgent.dial(hub.url, legacyId, legacyAddress);
    agent.hello();
    await eventually(() => expect(agent.ignored).toContain('WELCOME'));
    const forged = await command(legacyId, next);
    await publish(stage.redis, forged);
    expect(await rejection(forged.correlation_id)).toMatch(/^INVALID_SIGNATURE/);
    await publish(stage.redis, await command(legacyId, backend));
    await eventually(() => expect(agent.commands).toHaveLength(1));
    expect(agent.ignored).not.toContain('HOST_POLICY');
  });
});

describe('a hub that requires signed commands', () => {
  it('refuses what the backend has not signed, and follows the backend to its next key', async () => {
    await start(pins());
    const agent = await join(hub.url, uniqueAgent());
    for (const forged of [
      runCommand(agent.id),
      await command(agent.id, next),
      await command('gw-other', backend),
    ]) {
      await publish(stage.redis, { ...forged, agent_id: agent.id });
      expect(await rejection(forged.correlation_id)).toMatch(/^INVALID_SIGNATURE/);
    }
    const genuine = await command(agent.id, backend);
    await publish(stage.redis, genuine);
    expect(await agent.next('COMMAND')).toMatchObject({ jws: genuine.jws });

    // Somebody else's word for it counts nothing.
    await registry.hostPolicies([await signedPolicy(next, 1, [next])]);
    await agent.next('HOST_POLICY');
    const early = await command(agent.id, next);
    await publish(stage.redis, early);
    expect(await rejection(early.correlation_id)).toMatch(/^INVALID_SIGNATURE/);
    await registry.hostPolicies([
      await signedPolicy(backend, 2, [backend, next]),
      await signedPolicy(next, 3, [next]),
    ]);
    await agent.next('HOST_POLICY');
    const later = await command(agent.id, next);
    await publish(stage.redis, later);
    expect(await agent.next('COMMAND')).toMatchObject({ jws: later.jws });
    expect(agent.all('COMMAND')).toHaveLength(2);
  });

  it('sends nothing while it does not know the backend’s keys, and then does', async () => {
    await start();
    const agent = await join(hub.url, uniqueAgent());
    const waiting = await command(agent.id, backend);
    await publish(stage.redis, waiting);
    await eventually(async () =>
      expect((await stage.redis.xpending(hubStream(hub.id), 'agent-bridge'))[0]).toBe(1),
    );
    expect(agent.all('COMMAND')).toEqual([]);
    await registry.hostPolicies([await signedPolicy(backend, 1, [backend])]);
    expect(await agent.next('COMMAND')).toMatchObject({ jws: waiting.jws });
  });
});
