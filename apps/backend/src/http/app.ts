import { AppError } from '@viw/runtime';
import express from 'express';
import type { Express, NextFunction, Request, Response, Router } from 'express';
import type { Logger, TrustedProxies } from '@viw/runtime';
import type { RateGuard } from '../rate-limits/rate-guard';
import { accessLog } from './access-log';
import type { Locals } from './api-router';
import { refuse } from './refusal';
import { requestFacts } from './request-facts';
import { setSecurityHeaders } from './security-headers';

export interface AppOptions {
  /** Browsers come by HTTPS. */
  readonly secure: boolean;
}

export interface AppDeps {
  /** Asked in this order. */
  readonly routers: readonly Router[];
  /** Whose word about the source address counts. */
  readonly proxies: Pick<TrustedProxies, 'client'>;
  readonly rates: Pick<RateGuard, 'admitAddress'>;
  readonly logger: Logger;
}

/** The HTTP application: what every answer has, the routers, and what becomes of errors. */
export function createApp({ secure }: AppOptions, { routers, proxies, rates, logger }: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.use((request: Request, response: Response, next: NextFunction) => {
    const facts = requestFacts(request, proxies);
    (response.locals as Locals).facts = facts;
    response.setHeader('X-Correlation-Id', facts.correlationId);
    setSecurityHeaders(response, { secure });
    next();
  });
  app.use(accessLog({ logger }));
  app.use(async (request: Request, response: Response, next: NextFunction) => {
    await rates.admitAddress(request, (response.locals as Locals).facts, response);
    next();
  });
  for (const router of routers) app.use(router);
  app.use(() => {
    throw new AppError('NOT_FOUND', 'There is nothing at this address');
  });
  // Four parameters make it the handler of errors.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    refuse(error, (response.locals as Locals).facts, response, { logger });
  });
  return app;
}
