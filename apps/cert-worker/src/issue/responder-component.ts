import type { Http01Responder } from '@viw/acme';
import { AppError, formatBind } from '@viw/runtime';
import type { Bind, Component, Logger } from '@viw/runtime';

/** The HTTP-01 listener as a part of the process. Its start throws AppError BIND_FAILED, naming the address. */
export const responderComponent = (
  responder: Http01Responder,
  { bind, logger }: { bind: Bind; logger: Logger },
): Component => ({
  name: 'http-01-responder',
  start: async () => {
    const port = await responder.start().catch((cause: NodeJS.ErrnoException) => {
      const reason = cause.code ?? 'unknown reason';
      throw new AppError('BIND_FAILED', `cannot listen on ${formatBind(bind)}: ${reason}`, { cause });
    });
    logger.info({ event: 'http01_listening', address: formatBind({ ...bind, port }) }, 'answers HTTP-01');
  },
  stop: () => responder.stop(),
});
