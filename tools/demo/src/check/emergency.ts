import { ApiError, type Client } from '@viw/client';
import { eventually } from '@viw/testing';
import type { DemoManifest } from '../manifest';
import { policyOnHost } from './key-rotation';
import { promptly } from './promptly';

/** A guard against hanging. */
const LONGEST_MS = 60_000;

/** While commands are frozen none is accepted, the refusal says so, and the host itself knows; once released they run again. */
export async function stopsAndGoesOn(
  api: Client,
  { agent_id: agentId, scripts_root: scriptsRoot }: DemoManifest['gateways'][number],
): Promise<void> {
  const hostKnows = (frozen: boolean) =>
    eventually(
      async () => {
        if ((await policyOnHost(scriptsRoot)).frozen !== frozen)
          throw new Error(`the helper does not know that frozen is ${frozen}`);
      },
      { timeoutMs: LONGEST_MS, everyMs: 50, what: 'the freeze on the host' },
    );
  const freeze = async (): Promise<void> => {
    await api.freeze.on({ reason: 'the walk through the demo' });
    await hostKnows(true);
  };
  const again = async (): Promise<void> => {
    await api.freeze.off();
    await hostKnows(false);
  };
  try {
    await promptly('the freeze', [freeze, freeze, freeze], again);
    await api.commands.run(agentId, { command: 'list_users' });
    throw new Error('a command was accepted while everything is frozen');
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'FROZEN') throw error;
  } finally {
    await api.freeze.off();
  }
  await hostKnows(false);
  const { correlation_id: id } = await api.commands.run(agentId, { command: 'list_users' });
  await eventually(
    async () => {
      const { status } = await api.commands.get(agentId, id);
      if (status !== 'succeeded') throw new Error(`list_users is ${status}`);
    },
    { timeoutMs: 60_000, everyMs: 100, what: 'a command after the release' },
  );
}

/** Its connection ends, and it does not come back with what it had. @param agentIds more than the first only when that is slow */
export async function revokedIsOff(api: Client, agentIds: readonly string[]): Promise<void> {
  const revoke = async (agentId: string): Promise<void> => {
    await api.gateways.revokeCredentials(agentId);
    await eventually(
      async () => {
        const { state } = await api.gateways.get(agentId);
        if (state === 'connected') throw new Error(`${agentId} is still connected`);
      },
      { timeoutMs: LONGEST_MS, everyMs: 50, what: 'a revoked gateway off its hub' },
    );
  };
  await promptly(
    'a revocation',
    agentIds.map((agentId) => () => revoke(agentId)),
  );
}
