import { commandEventsStream, commandResultsStream, groups } from '@viw/contracts';
import type { StreamContract } from '@viw/contracts';
import {
  CommandProgressRepository,
  CommandResultRepository,
  ResultKeyRepository,
  createDatabase,
  pingDatabase,
} from '@viw/database';
import type { Component, Logger } from '@viw/runtime';
import { Counter, OpsServer, createMetrics } from '@viw/runtime';
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
import { commandHistory } from './command-history';
import type { CompleteConfig } from './config';
import { KnownResultKeys } from './signatures/known-result-keys';
import { SignatureAlerts } from './signatures/signature-alerts';
import { writeCommandEvents, writeCommandResults } from './write-command-streams';

/** Components in the order in which they start. */
export function buildResultsWriter(config: CompleteConfig, { logger }: { logger: Logger }): Component[] {
  const redisUrl = config.RESULTS_WRITER_REDIS_URL;
  const consumer = config.RESULTS_WRITER_CONSUMER;
  const metrics = createMetrics('results-writer');

  const redis = createRedis(redisUrl, { role: 'command', name: `results-writer:${consumer}` }, { logger });
  const db = createDatabase(
    { url: config.RESULTS_WRITER_DATABASE_URL, applicationName: 'results-writer' },
    {
      onConnectionError: (error) =>
        logger.warn({ event: 'postgres_connection_lost', error }, 'connection lost'),
    },
  );
  const producer = new StreamProducer({}, { redis, logger, metrics });
  const handlers = {
    progress: new CommandProgressRepository({ db }),
    results: new CommandResultRepository({ db }),
    keys: new KnownResultKeys({ repository: new ResultKeyRepository({ db }) }),
    alerts: new SignatureAlerts({ producer }),
    signatures: new Counter({
      name: 'viw_result_signatures_total',
      help: 'Results by what their signature was found to be',
      labelNames: ['verdict'],
      registers: [metrics],
    }),
    changes: new ChangeAnnouncer({ producer, logger }),
  };

  const consume = <C extends StreamContract>(contract: C, handler: StreamConsumerDeps<C>['handler']) =>
    new StreamConsumer(
      {
        contract,
        group: groups.resultsWriter,
        consumer,
        batchSize: config.RESULTS_WRITER_BATCH_SIZE,
        readAhead: true,
      },
      { redisUrl, handler, logger, metrics },
    );
  const consumers = [
    consume(commandEventsStream, writeCommandEvents(handlers)),
    consume(commandResultsStream, writeCommandResults(handlers)),
  ];

  return [
    new OpsServer(
      {
        service: 'results-writer',
        version,
        bind: config.RESULTS_WRITER_OPS_BIND,
        token: config.RESULTS_WRITER_OPS_TOKEN,
      },
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
    redisSettingsCheck(redis, { strict: config.RESULTS_WRITER_REDIS_STRICT }, { logger }),
    new Presence({ service: 'results-writer', version }, { redis, logger }),
    { name: 'postgres', start: () => undefined, stop: () => db.destroy() },
    producer,
    ...consumers,
    commandHistory(
      {
        databaseUrl: config.RESULTS_WRITER_DATABASE_URL,
        keepDays: config.RESULTS_WRITER_COMMAND_RETENTION_DAYS,
      },
      { db, metrics, logger },
    ),
  ];
}
