import { alertStreams, certEventsStream, groups } from '@viw/contracts';
import type { StreamContract } from '@viw/contracts';
import { createDatabase, pingDatabase } from '@viw/database';
import type { Component, Logger } from '@viw/runtime';
import { Counter, OpsServer, ReachableAddresses, createMetrics } from '@viw/runtime';
import { SecretBox } from '@viw/secrets';
import {
  ChangeAnnouncer,
  Presence,
  StreamConsumer,
  StreamProducer,
  consumersReady,
  createRedis,
  redisComponent,
  redisSettingsCheck,
} from '@viw/streams';
import type { StreamConsumerDeps } from '@viw/streams';
import { version } from '../package.json';
import { AlertChanges } from './alerts/alert-changes';
import { alertUpkeep } from './alerts/alert-upkeep';
import { takeAlerts } from './alerts/take-alerts';
import type { CompleteConfig } from './config';
import { Deliverer } from './deliver/deliverer';
import { Delivery } from './deliver/delivery';
import { takeCertEvents } from './notify/take-cert-events';
import { Store } from './store';

export interface NotifierDeps {
  readonly logger: Logger;
  /** For tests: of upkeep and of looks into the queue, milliseconds, and the pause before a second attempt, seconds. */
  readonly timing?: { readonly upkeepMs: number; readonly pollMs: number; readonly firstPauseS: number };
}

const ordinary = { upkeepMs: 15_000, pollMs: 500 } as const;
/** About two minutes by the default pauses. */
const ORDERED_ATTEMPTS = 4;

/** Components in the order in which they start. */
export function buildNotifier(config: CompleteConfig, deps: NotifierDeps): Component[] {
  const { logger, timing } = deps;
  const { upkeepMs, pollMs, firstPauseS } = timing ?? { ...ordinary, firstPauseS: config.NOTIFIER_RETRY_S };
  const { NOTIFIER_REDIS_URL: redisUrl, NOTIFIER_DATABASE_URL: databaseUrl } = config;
  const consumer = config.NOTIFIER_CONSUMER;
  const metrics = createMetrics('notifier');

  const redis = createRedis(redisUrl, { role: 'command', name: `notifier:${consumer}` }, { logger });
  const db = createDatabase(
    { url: databaseUrl, applicationName: 'notifier' },
    {
      onConnectionError: (error) =>
        logger.warn({ event: 'postgres_connection_lost', error }, 'connection lost'),
    },
  );
  const store = new Store({ db });
  const producer = new StreamProducer({}, { redis, logger, metrics });
  const alertChanges = new AlertChanges({
    store,
    changes: new ChangeAnnouncer({ producer, logger }),
    transitions: new Counter({
      name: 'viw_alert_changes_total',
      help: 'Alerts by what has become of them',
      labelNames: ['change'],
      registers: [metrics],
    }),
  });
  const delivery = new Delivery(
    {
      timeoutMs: config.NOTIFIER_WEBHOOK_TIMEOUT_S * 1_000,
      ca: config.NOTIFIER_WEBHOOK_CA,
      attempts: config.NOTIFIER_ATTEMPTS,
      firstPauseS,
    },
    {
      store,
      alertChanges,
      box: new SecretBox({ keys: config.NOTIFIER_ENCRYPTION_KEY }),
      addresses: new ReachableAddresses({
        privateNetworks: config.NOTIFIER_PRIVATE_NETWORKS,
        setting: 'NOTIFIER_PRIVATE_NETWORKS',
      }),
      deliveries: new Counter({
        name: 'viw_notification_attempts_total',
        help: 'Attempts to deliver a notification by what came of them',
        labelNames: ['outcome'],
        registers: [metrics],
      }),
      logger,
    },
  );

  const consume = <C extends StreamContract>(contract: C, handler: StreamConsumerDeps<C>['handler']) =>
    new StreamConsumer(
      { contract, group: groups.notifier, consumer },
      { redisUrl, handler, logger, metrics },
    );
  const consumers = [
    ...alertStreams.map((contract) => consume(contract, takeAlerts({ alertChanges }))),
    consume(certEventsStream, takeCertEvents({ store })),
  ];

  return [
    new OpsServer(
      { service: 'notifier', bind: config.NOTIFIER_OPS_BIND, token: config.NOTIFIER_OPS_TOKEN },
      {
        metrics,
        logger,
        checks: {
          redis: async () => void (await redis.ping()),
          postgres: () => pingDatabase(db),
          consumers: () => consumersReady(consumers),
        },
      },
    ),
    redisComponent(redis),
    redisSettingsCheck(redis, { strict: config.NOTIFIER_REDIS_STRICT }, { logger }),
    new Presence({ service: 'notifier', version }, { redis, logger }),
    { name: 'postgres', start: () => undefined, stop: () => db.destroy() },
    producer,
    ...consumers,
    alertUpkeep(
      { databaseUrl, everyMs: upkeepMs },
      { store, alertChanges, assertReading: () => consumersReady(consumers), logger },
    ),
    new Deliverer(
      { databaseUrl, pollMs, orderedAttempts: ORDERED_ATTEMPTS },
      { queue: store.repositories.queue, delivery, logger },
    ),
  ];
}
