import { parseRegistryVersion, registrySnapshotKey } from '@viw/contracts';
import type { GatewayRegistrySnapshot } from '@viw/contracts';
import type { Redis } from '@viw/streams';

/**
 * Replaces the snapshot unless Redis holds a newer one: two publishers may overlap for a moment, and hubs must never be
 * given less than they had. What is no version (see `registryVersion`) counts as none.
 *
 * KEYS snapshot. ARGV version, body, a version that may be replaced although it is newer or ''. Returns the version that
 * stands there afterwards.
 */
const replaceUnlessNewer = `
local text = redis.call('HGET', KEYS[1], 'version') or ''
local held = string.match(text, '^%d+$') and tonumber(text) or -1
if held > 2 ^ 52 or text == ARGV[3] then held = -1 end
if held > tonumber(ARGV[1]) then return held end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'body', ARGV[2])
return tonumber(ARGV[1])
`;

/** The registry's snapshot in Redis. Every method rejects without Redis. */
export class SnapshotStore {
  constructor(private readonly deps: { readonly redis: Redis }) {}

  /** Undefined when Redis has none, has lost it, or holds something else. */
  async version(): Promise<number | undefined> {
    return parseRegistryVersion(await this.deps.redis.hget(registrySnapshotKey, 'version'));
  }

  /**
   * @param insteadOf a version that is not believed, and replaced though it is newer
   * @returns the version in Redis afterwards: a higher one than the snapshot's means that it was not stored
   */
  async replace(snapshot: GatewayRegistrySnapshot, insteadOf?: number): Promise<number> {
    const body = JSON.stringify(snapshot);
    const held = await this.deps.redis.eval(
      replaceUnlessNewer,
      1,
      registrySnapshotKey,
      snapshot.version,
      body,
      insteadOf ?? '',
    );
    return Number(held);
  }
}
