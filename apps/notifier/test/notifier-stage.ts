import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertsStream } from '@viw/contracts';
import type { AlertsBody } from '@viw/contracts';
import {
  AlertRepository,
  NotificationChannelRepository,
  createDatabase,
  createServiceLogin,
  migrate,
} from '@viw/database';
import type { Db, NewNotificationChannel } from '@viw/database';
import { Lifecycle, createLogger, uuidv7 } from '@viw/runtime';
import { SecretBox, generateWebhookSecret, sealWebhookSecret } from '@viw/secrets';
import { StreamProducer, createRedis, waitUntilReady } from '@viw/streams';
import type { Redis as RedisClient } from '@viw/streams';
import { startRedis, uniqueDatabase } from '@viw/testing';
import { buildNotifier } from '../src/build';
import { completeConfig, configSource } from '../src/config';
import { Receiver } from './receiver';

const silent = createLogger({ service: 'notifier-test', level: 'silent' });

/** Redis, Postgres, receivers; notifiers as `main.ts` builds them, with the account that they have in production. */
export class NotifierStage {
  readonly #ends: (() => unknown)[] = [];
  readonly #encryptionKey = randomBytes(32);
  readonly box = new SecretBox({ keys: [{ id: 'test', key: this.#encryptionKey }] });
  /** Log lines of the notifiers. */
  readonly log: string[] = [];
  db!: Db;
  client!: RedisClient;
  producer!: StreamProducer;
  alerts!: AlertRepository;
  channels!: NotificationChannelRepository;
  environment!: Record<string, string>;
  folder!: string;
  readonly receivers: Receiver[] = [];

  async start({ receivers }: { readonly receivers: number }): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'viw-notifier-'));
    const [redis, { url: ownerUrl }] = await Promise.all([startRedis(), uniqueDatabase()]);
    this.db = createDatabase({ url: ownerUrl, applicationName: 'test', max: 3 });
    await migrate(this.db);
    const url = new URL(ownerUrl);
    url.username = `notifier_${randomUUID().slice(0, 8)}`;
    url.password = randomUUID();
    await createServiceLogin(this.db, 'viw_notifier', url.username, url.password);
    this.client = createRedis(redis.url, { role: 'command', name: 'test' });
    await waitUntilReady(this.client);
    this.producer = new StreamProducer({}, { redis: this.client, logger: silent });
    this.producer.start();
    this.alerts = new AlertRepository({ db: this.db });
    this.channels = new NotificationChannelRepository({ db: this.db });
    this.#ends.push(
      () => rm(this.folder, { recursive: true, force: true }),
      () => redis.stop(),
      () => this.db.destroy(),
      () => this.client.disconnect(),
      () => this.producer.stop(),
    );
    for (let n = 0; n < receivers; n++) await this.#addReceiver(`receiver-${n}`);
    this.environment = {
      NOTIFIER_ENABLED: 'true',
      NOTIFIER_OPS_BIND: '127.0.0.1:0',
      NOTIFIER_REDIS_URL: redis.url,
      NOTIFIER_DATABASE_URL: url.toString(),
      NOTIFIER_CONSUMER: 'test-1',
      NOTIFIER_ENCRYPTION_KEY: JSON.stringify({ id: 'test', key: this.#encryptionKey.toString('base64') }),
      NOTIFIER_PRIVATE_NETWORKS: '127.0.0.0/8',
      NOTIFIER_WEBHOOK_CA: this.receivers.map(({ certificate }) => certificate).join('\n'),
      // A busy machine answers in time: what is delivered twice would be a fault.
      NOTIFIER_WEBHOOK_TIMEOUT_S: '30',
      NOTIFIER_RETRY_S: '1',
      NOTIFIER_ATTEMPTS: '3',
    };
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  /** @returns what stops it */
  async startNotifier(more: Readonly<Record<string, string>> = {}): Promise<() => Promise<void>> {
    const values = configSource.schema.parse({ ...this.environment, ...more });
    const logger = createLogger(
      { service: 'notifier', level: 'debug' },
      { destination: { write: (line: string) => void this.log.push(line) } },
    );
    const timing = { upkeepMs: 100, pollMs: 50, firstPauseS: 0.1 };
    const running = new Lifecycle(
      { components: buildNotifier(completeConfig(values), { logger, timing }) },
      { logger },
    );
    await running.start();
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopped ??= running.stop());
    this.#ends.push(stop);
    return stop;
  }

  /** As the backend makes it; for critical alerts only, which those about channels are not. */
  async channel(
    url: string,
    more: Partial<Omit<NewNotificationChannel, 'id' | 'url'>> = {},
  ): Promise<{ id: string; secret: string }> {
    const id = uuidv7();
    const wanted = {
      kind: 'webhook',
      name: id,
      events: [],
      min_severity: 'critical',
      enabled: true,
    } as const;
    const { secret, ...sealed } = this.newSecret();
    await this.channels.create({ id, url, ...wanted, ...more }, sealed);
    return { id, secret };
  }

  newSecret(): { id: string; secret: string; sealed: object } {
    const [id, secret] = [uuidv7(), generateWebhookSecret()];
    return { id, secret, sealed: sealWebhookSecret(this.box, id, secret) };
  }

  async say(
    key: string,
    action: AlertsBody['action'] = 'raised',
    severity: AlertsBody['severity'] = 'critical',
  ): Promise<void> {
    const at = new Date().toISOString();
    await this.producer.publish(alertsStream, {
      ...{ action, dedupe_key: key, severity, title: `about ${key}`, at },
    });
  }

  async alert(key: string) {
    const { items } = await this.alerts.list({ limit: 200 });
    return items.find(({ dedupe_key }) => dedupe_key === key);
  }

  async deliveries(channelId: string) {
    return (await this.channels.deliveries(channelId, { limit: 200 })).items.reverse();
  }

  async #addReceiver(name: string): Promise<void> {
    const receiver = await Receiver.make(this.folder, name);
    this.receivers.push(receiver);
    this.#ends.push(() => receiver.stop());
  }
}

let serial = 0;
export const newKey = (kind = 'disk-full'): string => `${kind}:${process.pid}-${++serial}`;
