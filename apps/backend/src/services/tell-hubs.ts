import { gatewayRegistryStream } from '@viw/contracts';
import type { Repositories } from '../store';

/** The gateway as hubs are to know it from now on, in the transaction that changes it. */
export async function tellHubs(
  { gatewayRegistry, outbox }: Pick<Repositories, 'gatewayRegistry' | 'outbox'>,
  agentId: string,
): Promise<void> {
  const delta = await gatewayRegistry.gatewayDelta(agentId);
  if (delta) await outbox.enqueue(gatewayRegistryStream, delta);
}
