import { gatewayRegistrySnapshot, parseRegistryVersion, registrySnapshotKey } from '@viw/contracts';
import type { GatewayRegistrySnapshot } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Redis } from '@viw/streams';

/** The snapshot that the backend leaves in Redis. Every method rejects without Redis. */
export class SnapshotReader {
  readonly #redis: Redis;

  constructor({ redis }: { redis: Redis }) {
    this.#redis = redis;
  }

  /** Undefined when there is none, or something that is none. */
  async version(): Promise<number | undefined> {
    return parseRegistryVersion(await this.#redis.hget(registrySnapshotKey, 'version'));
  }

  /** @throws AppError SCHEMA_MISMATCH when what stands there is no snapshot; nothing of it is used then */
  async read(): Promise<GatewayRegistrySnapshot | undefined> {
    const body = await this.#redis.hget(registrySnapshotKey, 'body');
    if (body === null) return undefined;
    const parsed = gatewayRegistrySnapshot.safeParse(jsonOf(body));
    if (parsed.success) return parsed.data;
    throw new AppError('SCHEMA_MISMATCH', 'the registry snapshot in Redis is not one');
  }
}

/** `JSON.parse` without an error text that quotes its input. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
