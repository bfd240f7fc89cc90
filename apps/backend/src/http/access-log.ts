import type { Logger } from '@viw/runtime';
import type { NextFunction, Request, Response } from 'express';
import type { Locals } from './api-router';

/** One line per answer, without query and body. Reads that went well are of interest only when debugging. */
export const accessLog =
  ({ logger }: { logger: Logger }) =>
  (request: Request, response: Response, next: NextFunction): void => {
    const begun = performance.now();
    response.once('close', () => {
      const { facts, route, caller } = response.locals as Locals;
      const { statusCode } = response;
      const quiet = request.method === 'GET' && statusCode < 400;
      logger[quiet ? 'debug' : 'info'](
        {
          event: 'request',
          target: facts.target,
          ...(route === undefined ? {} : { route }),
          status: statusCode,
          duration_ms: Math.round((performance.now() - begun) * 10) / 10,
          correlation_id: facts.correlationId,
          address: facts.address,
          ...(caller === undefined ? {} : { caller: `${caller.kind}:${caller.id}` }),
        },
        'request',
      );
    });
    next();
  };
