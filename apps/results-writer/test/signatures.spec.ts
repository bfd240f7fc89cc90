import { generateSigningKey, signResult } from '@viw/commands';
import type { SigningKeyPair } from '@viw/commands';
import { type AlertsBody, type CommandResultsBody, streams } from '@viw/contracts';
import { GatewayCredentialRepository } from '@viw/database';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { WriterStage } from './writer-stage';

const stage = new WriterStage('gw-signs');

describe('results of a gateway that signs them', () => {
  let helper: SigningKeyPair;
  let agent: SigningKeyPair;
  let stranger: SigningKeyPair;

  const register = (
    kind: 'signing' | 'agent',
    { publicKey }: SigningKeyPair,
    agentId: string = stage.agentId,
  ) => new GatewayCredentialRepository({ db: stage.db }).setPublicKeys(agentId, { [kind]: publicKey });

  beforeAll(async () => {
    [helper, agent, stranger] = await Promise.all([
      generateSigningKey(),
      generateSigningKey(),
      generateSigningKey(),
    ]);
    await stage.start();
    await register('signing', helper);
    await register('agent', agent);
  }, 90_000);
  afterAll(() => stage.stop());

  /** What the host said, signed; then changed by whoever carried it. */
  async function carried(
    id: string,
    by: SigningKeyPair | undefined,
    said: Partial<CommandResultsBody['result']> = {},
    changed: Partial<CommandResultsBody['result']> = {},
  ): Promise<CommandResultsBody> {
    const body = stage.resultOf(id, said);
    const { error, ...result } = body.result;
    const sig = by && (await signResult(by.privateKey, { ...result, ...(error && { error }) }));
    return { ...body, result: { ...body.result, ...(sig !== undefined && { sig }), ...changed } };
  }
  const command = (agentId?: string) => stage.queuedCommand('create_panel_user', agentId);
  const verdicts = async (id: string) => {
    const { rows } = await sql<{ signature: string; believed: boolean }>`
        select signature, believed from viw.agent_command_results where correlation_id = ${id} order by id`.execute(
      stage.db,
    );
    return rows;
  };
  const alerts = async (): Promise<AlertsBody[]> =>
    (await stage.client.xrange(streams.resultsAlerts, '-', '+')).map(
      ([, fields]) => JSON.parse(fields[fields.indexOf('body') + 1] ?? '') as AlertsBody,
    );
  const nothing = { rc: null, stdout: '', stderr: '' };
  const valid = { signature: 'valid', believed: true };

  it('ends a command by what the helper has signed, checked before anything is redacted', async () => {
    const id = await command();
    await stage.publish(await carried(id, helper, { stdout: 'token=abcdefabcdef' }));
    await eventually(async () => expect((await stage.statusOf(id))?.status).toBe('succeeded'));
    expect(await verdicts(id)).toEqual([valid]);
    expect((await stage.storedResults(id))[0]?.stdout).not.toContain('abcdefabcdef');
  });

  it('keeps what is not signed by the host as evidence, ends nothing by it, and tells people', async () => {
    const [changed, foreign, stripped, pretended] = await Promise.all([
      command(),
      command(),
      command(),
      command(),
    ]);
    for (const body of [
      await carried(changed, helper, { status: 'error', rc: 1 }, { status: 'success', rc: 0 }),
      await carried(foreign, stranger),
      await carried(stripped, undefined),
      // A stolen agent has a key of its own, but has not done the work.
      await carried(pretended, agent),
    ])
      await stage.publish(body);
    await eventually(async () => expect(await verdicts(pretended)).toHaveLength(1));
    const disbelieved = (signature: string) => [{ signature, believed: false }];
    expect(await verdicts(changed)).toEqual(disbelieved('invalid'));
    expect(await verdicts(foreign)).toEqual(disbelieved('unknown_key'));
    expect(await verdicts(stripped)).toEqual(disbelieved('unsigned'));
    expect(await verdicts(pretended)).toEqual(disbelieved('invalid'));
    for (const id of [changed, foreign, stripped, pretended])
      expect((await stage.statusOf(id))?.status).toBe('queued');
    await eventually(async () =>
      expect((await alerts()).map(({ dedupe_key, severity }) => [dedupe_key, severity])).toEqual([
        [`result-signature:${stage.agentId}`, 'critical'],
      ]),
    );
    // The genuine one, which comes after all, counts.
    await stage.publish(await carried(changed, helper, { status: 'error', rc: 1 }));
    await eventually(async () => expect((await stage.statusOf(changed))?.status).toBe('failed'));
    expect(await verdicts(changed)).toEqual([...disbelieved('invalid'), valid]);
  });

  it('believes the agent what it says and signs in the helper’s place, and nobody a refusal without it', async () => {
    const [signed, unsigned] = await Promise.all([command(), command()]);
    await stage.publish(await carried(unsigned, undefined, { ...nothing, status: 'denied' }));
    await stage.publish(await carried(signed, agent, { ...nothing, status: 'unknown' }));
    await eventually(async () => expect((await stage.statusOf(signed))?.status).toBe('unknown'));
    expect(await verdicts(signed)).toEqual([valid]);
    await eventually(async () =>
      expect(await verdicts(unsigned)).toEqual([{ signature: 'unsigned', believed: false }]),
    );
    expect((await stage.statusOf(unsigned))?.status).toBe('queued');
  });

  it('believes an agent without a key what it says in the helper’s place', async () => {
    const agent_id = 'gw-signs-by-its-helper-only';
    await stage.registerGateway(agent_id);
    await register('signing', helper, agent_id);
    const [said, stripped] = await Promise.all([command(agent_id), command(agent_id)]);
    await stage.publish(await carried(stripped, undefined, { agent_id }));
    await stage.publish(await carried(said, undefined, { ...nothing, status: 'denied', agent_id }));
    await eventually(async () => expect((await stage.statusOf(said))?.status).toBe('denied'));
    expect(await verdicts(stripped)).toEqual([{ signature: 'unsigned', believed: false }]);
  });

  it('believes a replaced key for what was under way, and a revoked one within seconds nothing any more', async () => {
    const next = await generateSigningKey();
    await register('signing', next);
    const before = await command();
    await stage.publish(await carried(before, helper));
    await eventually(async () => expect((await stage.statusOf(before))?.status).toBe('succeeded'));
    await new GatewayCredentialRepository({ db: stage.db }).revokeAll(stage.agentId);
    const revokedAt = performance.now();
    // Told by when it was said, so that a busy machine changes nothing.
    let believedAt = revokedAt;
    await eventually(
      async () => {
        const id = await command();
        const saidAt = performance.now();
        await stage.publish(await carried(id, next));
        await eventually(async () => expect(await verdicts(id)).toHaveLength(1));
        const [verdict] = await verdicts(id);
        if (verdict?.believed) believedAt = saidAt;
        expect(verdict).toEqual({ signature: 'unknown_key', believed: false });
      },
      { everyMs: 200 },
    );
    expect(believedAt - revokedAt).toBeLessThan(6_000);
  });
});
