import { z } from 'zod';
import { hostPolicies } from '../command/host-policy';
import { streams } from '../names';
import { agentId, certificateSha256, ed25519PublicKey, timestamp } from '../primitives';
import { streamContract } from './stream-contract';

/**
 * What a hub knows of one gateway. With `signing_key` or `certificate_sha256` it has a proof of its own, and nothing less
 * opens it; of a gateway that is not active they are its last ones, so that it can be told why it is refused.
 */
export const registryEntry = z.object({
  agent_id: agentId,
  state: z.enum(['active', 'revoked', 'decommissioned']),
  /** The agent's own key, by which it signs its handshakes. */
  signing_key: ed25519PublicKey.optional(),
  /**
   * The key before that one, where the agent has renewed it by itself: it still opens new connections until then, and what
   * it has opened stays.
   */
  former_key: z.object({ key: ed25519PublicKey, until: timestamp }).optional(),
  /** Of its client certificate. */
  certificate_sha256: certificateSha256.optional(),
  /** As `former_key`, of the certificate before that one. */
  former_certificate: z.object({ sha256: certificateSha256, until: timestamp }).optional(),
  min_version: z.string().max(64).optional(),
});
export type RegistryEntry = z.infer<typeof registryEntry>;

/**
 * Rises by one with each change, for ever. What lies beyond 2^52 no history leads to, and whoever adds one to it must not
 * lose the difference: it is no version.
 */
export const registryVersion = z
  .int()
  .min(0)
  .max(2 ** 52);

/** As it stands in Redis. Undefined when there is none, or something that is none. */
export const parseRegistryVersion = (text: string | null): number | undefined =>
  text !== null && /^\d+$/.test(text) ? registryVersion.safeParse(Number(text)).data : undefined;

/** Versioned deltas: a gap in `version` means that the snapshot must be loaded again. */
export const gatewayRegistryBody = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('gateway'), version: registryVersion.min(1), entry: registryEntry }),
  z.object({ kind: z.literal('freeze'), version: registryVersion.min(1), frozen: z.boolean() }),
  /** All that hubs are to pass on to hosts from now on. */
  z.object({ kind: z.literal('host_policy'), version: registryVersion.min(1), policies: hostPolicies }),
]);
export type GatewayRegistryBody = z.infer<typeof gatewayRegistryBody>;

/** Everything at one version; kept in Redis beside that version (`registrySnapshotKey`), as JSON text. */
export const gatewayRegistrySnapshot = z.object({
  version: registryVersion,
  frozen: z.boolean(),
  gateways: z.array(registryEntry),
  host_policies: hostPolicies.optional(),
});
export type GatewayRegistrySnapshot = z.infer<typeof gatewayRegistrySnapshot>;

export const gatewayRegistryStream = streamContract(streams.gatewayRegistry, 1, gatewayRegistryBody, [
  { kind: 'gateway', version: 1, entry: { agent_id: 'gw-berlin-1', state: 'active' } },
  { kind: 'freeze', version: 2, frozen: true },
  { kind: 'host_policy', version: 3, policies: ['eyJhbGciOiJFZERTQSJ9.e30.c2ln'] },
]);
