import { z } from 'zod';
import { streams } from '../names';
import { agentId, ed25519PublicKey } from '../primitives';
import { streamContract } from './stream-contract';

/** What a hub knows of one gateway. */
export const registryEntry = z.object({
  agent_id: agentId,
  state: z.enum(['active', 'revoked', 'decommissioned']),
  signing_key: ed25519PublicKey.optional(),
  min_version: z.string().max(64).optional(),
});
export type RegistryEntry = z.infer<typeof registryEntry>;

/** Versioned deltas: a gap in `version` means that the snapshot must be loaded again. */
export const gatewayRegistryBody = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('gateway'), version: z.int().min(1), entry: registryEntry }),
  z.object({ kind: z.literal('freeze'), version: z.int().min(1), frozen: z.boolean() }),
]);
export type GatewayRegistryBody = z.infer<typeof gatewayRegistryBody>;

export const gatewayRegistrySnapshot = z.object({
  version: z.int().min(0),
  frozen: z.boolean(),
  gateways: z.array(registryEntry),
});

export const gatewayRegistryStream = streamContract(streams.gatewayRegistry, 1, gatewayRegistryBody, [
  { kind: 'gateway', version: 1, entry: { agent_id: 'gw-berlin-1', state: 'active' } },
  { kind: 'freeze', version: 2, frozen: true },
]);
