import { ApiError, type Client } from '@viw/client';
import { eventually } from '@viw/testing';
import type { DemoManifest } from '../manifest';
import { policyOnHost } from './key-rotation';

/** From click to the last hub. */
const OFF_WITHIN_MS = 5_000;

/** While commands are frozen none is accepted, the refusal says so, and the host itself knows; once released they run again. */
export async function stopsAndGoesOn(
  api: Client,
  { agent_id: agentId, scripts_root: scriptsRoot }: DemoManifest['gateways'][number],
): Promise<void> {
  await api.freeze.on({ reason: 'the walk through the demo' });
  try {
    await eventually(
      async () => {
        if (!(await policyOnHost(scriptsRoot)).frozen)
          throw new Error('the helper does not know of the freeze');
      },
      { timeoutMs: OFF_WITHIN_MS, everyMs: 50, what: 'the freeze on the host' },
    );
    await api.commands.run(agentId, { command: 'list_users' });
    throw new Error('a command was accepted while everything is frozen');
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'FROZEN') throw error;
  } finally {
    await api.freeze.off();
  }
  const { correlation_id: id } = await api.commands.run(agentId, { command: 'list_users' });
  await eventually(
    async () => {
      const { status } = await api.commands.get(agentId, id);
      if (status !== 'succeeded') throw new Error(`list_users is ${status}`);
    },
    { timeoutMs: 60_000, everyMs: 100, what: 'a command after the release' },
  );
}

/** Its connection ends, and it does not come back with what it had. */
export async function revokedIsOff(api: Client, agentId: string): Promise<void> {
  await api.gateways.revokeCredentials(agentId);
  await eventually(
    async () => {
      const { state } = await api.gateways.get(agentId);
      if (state === 'connected') throw new Error(`${agentId} is still connected`);
    },
    { timeoutMs: OFF_WITHIN_MS, everyMs: 50, what: 'a revoked gateway off its hub' },
  );
}
