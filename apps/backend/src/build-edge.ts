import { hkdfSync } from 'node:crypto';
import type { Component, ListenerTls, ReadinessCheck } from '@viw/runtime';
import { TrustedProxies } from '@viw/runtime';
import { closeRedis, createRedis } from '@viw/streams';
import { SignInLimiter } from './auth/sign-in-limiter';
import type { TransportDeps } from './build-transport';
import { buildTransport } from './build-transport';
import type { CompleteConfig } from './config';
import { ratesPerMinute } from './config';
import { RateGuard } from './rate-limits/rate-guard';
import { RateLimits } from './rate-limits/rate-limits';

/** Every request waits for it: better to count alone than to wait. */
const COUNTING_TIMEOUT_MS = 1_000;

export interface Edge {
  readonly tls: Pick<ListenerTls, 'createServer'>;
  /** Readiness of the transport. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly proxies: TrustedProxies;
  readonly rateLimits: RateLimits;
  readonly rates: RateGuard;
  readonly signInLimiter: SignInLimiter;
  /** To be started before the listener. */
  readonly components: readonly Component[];
}

/** What stands between the network and the routes: transport, whose word about addresses counts, how often who may call. */
export function buildEdge(config: CompleteConfig, deps: TransportDeps): Edge {
  const { logger, metrics } = deps;
  const transport = buildTransport(config, deps);
  const redis = createRedis(
    config.BACKEND_REDIS_URL,
    { role: 'command', name: 'backend-rates', commandTimeoutMs: COUNTING_TIMEOUT_MS },
    { logger },
  );
  const rateLimits = new RateLimits({ perMinute: ratesPerMinute(config) }, { redis, logger, metrics });
  return {
    tls: { createServer: transport.createServer },
    checks: transport.checks,
    proxies: new TrustedProxies({ networks: config.BACKEND_TRUSTED_PROXIES }),
    rateLimits,
    rates: new RateGuard({ cookies: { secure: config.BACKEND_COOKIE_SECURE } }, { limits: rateLimits }),
    signInLimiter: new SignInLimiter({ hashKey: signInHashKey(config) }, { redis, logger }),
    components: [
      {
        name: 'redis-rates',
        start: () => void redis.connect().catch(() => undefined),
        stop: () => closeRedis(redis),
      },
      ...transport.components,
    ],
  };
}

/** A key of its own for what Redis sees of names and addresses. */
const signInHashKey = ({ BACKEND_ENCRYPTION_KEY: [current] }: CompleteConfig): Buffer =>
  Buffer.from(hkdfSync('sha256', current.key, '', 'viw sign-in limits', 32));
