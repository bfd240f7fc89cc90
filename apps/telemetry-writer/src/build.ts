import {
  agentEventsStream,
  agentHelloStream,
  agentSessionsStream,
  groups,
  streams,
  telemetryStream,
} from '@viw/contracts';
import type { StreamContract } from '@viw/contracts';
import {
  GatewayTelemetryRepository,
  PointPartitionRepository,
  createDatabase,
  pingDatabase,
} from '@viw/database';
import type { Component, Logger } from '@viw/runtime';
import { OpsServer, createMetrics } from '@viw/runtime';
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
import { agentHistory } from './agent-history';
import { Backlog } from './backlog';
import type { CompleteConfig } from './config';
import { writeAgentEvents, writeHellos, writeSessions, writeTelemetry } from './write-gateway-streams';
import { partitionUpkeep } from './partition-upkeep';
import { silenceWatch } from './silence-watch';

/** Components in the order in which they start. */
export function buildTelemetryWriter(config: CompleteConfig, { logger }: { logger: Logger }): Component[] {
  const redisUrl = config.TELEMETRY_WRITER_REDIS_URL;
  const retentionDays = config.TELEMETRY_WRITER_RETENTION_DAYS;
  const consumer = config.TELEMETRY_WRITER_CONSUMER;
  const metrics = createMetrics('telemetry-writer');

  const redis = createRedis(redisUrl, { role: 'command', name: `telemetry-writer:${consumer}` }, { logger });
  const db = createDatabase(
    { url: config.TELEMETRY_WRITER_DATABASE_URL, applicationName: 'telemetry-writer' },
    {
      onConnectionError: (error) =>
        logger.warn({ event: 'postgres_connection_lost', error }, 'connection lost'),
    },
  );
  const producer = new StreamProducer({}, { redis, logger, metrics });
  const changes = new ChangeAnnouncer({ producer, logger });
  const telemetry = new GatewayTelemetryRepository({ retentionDays }, { db });
  const partitions = new PointPartitionRepository({ db });
  const handlers = { telemetry, changes };

  const consume = <C extends StreamContract>(contract: C, handler: StreamConsumerDeps<C>['handler']) =>
    new StreamConsumer(
      {
        contract,
        group: groups.telemetryWriter,
        consumer,
        batchSize: config.TELEMETRY_WRITER_BATCH_SIZE,
        readAhead: true,
      },
      { redisUrl, handler, logger, metrics },
    );
  const consumers = [
    consume(agentHelloStream, writeHellos(handlers)),
    consume(agentSessionsStream, writeSessions(handlers)),
    consume(telemetryStream, writeTelemetry(handlers)),
    consume(agentEventsStream, writeAgentEvents(handlers)),
  ];

  const backlog = new Backlog(
    { streams: [streams.agentSessions, streams.telemetry], group: groups.telemetryWriter },
    { redis },
  );
  return [
    new OpsServer(
      {
        service: 'telemetry-writer',
        version,
        bind: config.TELEMETRY_WRITER_OPS_BIND,
        token: config.TELEMETRY_WRITER_OPS_TOKEN,
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
    redisSettingsCheck(redis, { strict: config.TELEMETRY_WRITER_REDIS_STRICT }, { logger }),
    new Presence({ service: 'telemetry-writer', version }, { redis, logger }),
    { name: 'postgres', start: () => undefined, stop: () => db.destroy() },
    producer,
    partitionUpkeep({ retentionDays }, { partitions, logger }),
    ...consumers,
    silenceWatch(
      { lostAfterSeconds: config.TELEMETRY_WRITER_LOST_AFTER_S },
      { telemetry, changes, backlog, logger },
    ),
    agentHistory(
      {
        databaseUrl: config.TELEMETRY_WRITER_DATABASE_URL,
        sessionDays: config.TELEMETRY_WRITER_SESSION_RETENTION_DAYS,
        eventDays: config.TELEMETRY_WRITER_EVENT_RETENTION_DAYS,
      },
      { db, metrics, logger },
    ),
  ];
}
