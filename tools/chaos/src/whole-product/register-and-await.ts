import type { Client } from '@viw/client';
import { eventually } from '@viw/testing';
import type { GatewayHost } from './gateway-host';

/** Registers the gateways, lets them start, and waits until all are connected. */
export async function registerAndAwait(
  client: Client,
  gateways: readonly GatewayHost[],
  start: () => Promise<unknown>,
): Promise<void> {
  for (const { agentId, publicKeys } of gateways)
    await client.gateways.register({ agent_id: agentId, public_keys: publicKeys });
  await start();
  await eventually(
    async () => {
      const { items } = await client.gateways.list({ status: 'connected' });
      if (items.length < gateways.length) throw new Error(`${items.length} of ${gateways.length} connected`);
    },
    { timeoutMs: 60_000, everyMs: 100, what: 'the gateways' },
  );
}
