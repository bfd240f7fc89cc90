import { type ProgramOptions, freePort } from '@viw/testing';
import { serviceBundle } from './service-bundle';

export type WriterService = 'results-writer' | 'telemetry-writer';

/** The built service with the environment that an administrator would give it. */
export async function writerProgram(options: {
  service: WriterService;
  consumer: string;
  redisUrl: string;
  databaseUrl: string;
}): Promise<ProgramOptions> {
  const { service, consumer, redisUrl, databaseUrl } = options;
  const prefix = service === 'results-writer' ? 'RESULTS_WRITER' : 'TELEMETRY_WRITER';
  const opsPort = await freePort();
  return {
    name: `${service} ${consumer}`,
    argv: [process.execPath, serviceBundle(service)],
    env: {
      [`${prefix}_ENABLED`]: 'true',
      [`${prefix}_LOG_LEVEL`]: 'warn',
      [`${prefix}_OPS_BIND`]: `127.0.0.1:${opsPort}`,
      [`${prefix}_REDIS_URL`]: redisUrl,
      [`${prefix}_DATABASE_URL`]: databaseUrl,
      [`${prefix}_CONSUMER`]: consumer,
      // Time runs faster in the load than here: nobody is to be declared silent meanwhile.
      ...(service === 'telemetry-writer' && { TELEMETRY_WRITER_LOST_AFTER_S: '86400' }),
    },
    readyWhen: { url: `http://127.0.0.1:${opsPort}/internal/readyz` },
  };
}
