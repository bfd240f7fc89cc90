import { registrySnapshotKey } from '@viw/contracts';
import type { GatewayRegistrySnapshot } from '@viw/contracts';
import type { Redis } from '@viw/streams';

/**
 * Replaces the snapshot unless Redis holds a newer one: two publishers may overlap for a moment, and hubs must never be
 * given less than they had.
 *
 * KEYS snapshot. ARGV version, body. Returns the version that stands there afterwards.
 */
const replaceUnlessNewer = `
local held = tonumber(redis.call('HGET', KEYS[1], 'version') or '-1')
if held > tonumber(ARGV[1]) then return held end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'body', ARGV[2])
return tonumber(ARGV[1])
`;

/** The registry's snapshot in Redis. Every method rejects without Redis. */
export class SnapshotStore {
  constructor(private readonly deps: { readonly redis: Redis }) {}

  /** Undefined when Redis has none, or has lost it. */
  async version(): Promise<number | undefined> {
    const version = await this.deps.redis.hget(registrySnapshotKey, 'version');
    return version === null ? undefined : Number(version);
  }

  /** @returns the version in Redis afterwards: a higher one than the snapshot's means that it was not stored */
  async replace(snapshot: GatewayRegistrySnapshot): Promise<number> {
    const body = JSON.stringify(snapshot);
    const held = await this.deps.redis.eval(
      replaceUnlessNewer,
      1,
      registrySnapshotKey,
      snapshot.version,
      body,
    );
    return Number(held);
  }
}
