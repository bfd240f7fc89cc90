import { randomUUID } from 'node:crypto';
import { auditSummary, generateSigningKey, verifyResult } from '@viw/commands';
import { agentId, HelperFixture } from './helper-fixture';

const helper = new HelperFixture();
beforeAll(async () => {
  await helper.prepare();
  await helper.start();
});
afterAll(() => helper.stop());

const summary = async () => {
  const correlationId = randomUUID();
  const { sig = '', ...reply } = await helper.client.call({
    verb: 'audit_summary',
    correlationId,
    timeoutMs: 60_000,
  });
  const proven = { ...reply, correlation_id: correlationId, agent_id: agentId, verb: 'audit_summary' };
  await verifyResult(helper.publicKeys.signing, proven, sig);
  return auditSummary.parse(JSON.parse(reply.stdout));
};

it('counts what was done and what was refused, by its own signature; the agent’s readings are not counted', async () => {
  await helper.client.describe(60_000);
  await helper.client.call({ verb: 'get_service_status', timeoutMs: 60_000 });
  expect(await summary()).toMatchObject({ actions: 0, counts: {} });
  await helper.run('list_users');
  await helper.run('list_users');
  const forged = await helper.command('list_users', {}, { key: await generateSigningKey() });
  await helper.client.call({ ...forged, timeoutMs: 60_000 });
  await helper.client.call({ verb: 'delete_user', args: { username: 'alice' }, timeoutMs: 60_000 });
  const { since, until, ...counted } = await summary();
  expect(counted).toEqual({
    actions: 4,
    counts: {
      list_users: { success: 2, INVALID_SIGNATURE: 1 },
      delete_user: { INVALID_SIGNATURE: 1 },
    },
  });
  expect(Date.parse(until)).toBeGreaterThan(Date.parse(since));
});

it('tells its public keys, the same as "viw-host-helper keys" prints', async () => {
  expect(await helper.client.publicKeys(60_000)).toEqual(helper.publicKeys);
});
