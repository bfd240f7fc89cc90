import type { Component, Logger, Metrics } from '@viw/runtime';
import { PeriodicTask, TrustedProxies } from '@viw/runtime';
import { closeRedis, createRedis } from '@viw/streams';
import type { CompleteConfig } from './config';
import { ratesPerMinute } from './config';
import { ListenerTls } from './http/listener-tls';
import { RateGuard } from './rate-limits/rate-guard';
import { RateLimits } from './rate-limits/rate-limits';

/** How soon new certificate files are in force. */
const TLS_FILES_EVERY_MS = 2_000;
/** Every request waits for it: better to count alone than to wait. */
const COUNTING_TIMEOUT_MS = 1_000;

export interface Edge {
  readonly tls: ListenerTls;
  readonly proxies: TrustedProxies;
  readonly rateLimits: RateLimits;
  readonly rates: RateGuard;
  /** To be started before the listener. */
  readonly components: readonly Component[];
}

/** What stands between the network and the routes: transport, whose word about addresses counts, how often who may call. */
export function buildEdge(
  config: CompleteConfig,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics },
): Edge {
  const tls = new ListenerTls(
    {
      mode: config.BACKEND_TLS_MODE,
      force: config.BACKEND_TLS_INSECURE_FORCE,
      bind: config.BACKEND_BIND,
      certFile: config.BACKEND_TLS_CERT_FILE,
      keyFile: config.BACKEND_TLS_KEY_FILE,
      clientCaFile: config.BACKEND_TLS_CLIENT_CA_FILE,
      clientRequired: config.BACKEND_TLS_CLIENT_REQUIRED,
    },
    { logger },
  );
  const redis = createRedis(
    config.BACKEND_REDIS_URL,
    { role: 'command', name: 'backend-rates', commandTimeoutMs: COUNTING_TIMEOUT_MS },
    { logger },
  );
  const rateLimits = new RateLimits({ perMinute: ratesPerMinute(config) }, { redis, logger, metrics });
  return {
    tls,
    proxies: new TrustedProxies({ networks: config.BACKEND_TRUSTED_PROXIES }),
    rateLimits,
    rates: new RateGuard({ limits: rateLimits }),
    components: [
      {
        name: 'redis-rates',
        start: () => void redis.connect().catch(() => undefined),
        stop: () => closeRedis(redis),
      },
      tls,
      new PeriodicTask(
        {
          name: 'tls-files',
          everyMs: TLS_FILES_EVERY_MS,
          runAtStart: false,
          failureEvent: 'tls_files_failed',
        },
        { run: () => tls.check(), logger },
      ),
    ],
  };
}
