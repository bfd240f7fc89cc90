import { AppError, formatBind } from '@viw/runtime';
import type { Bind, Component, Logger } from '@viw/runtime';

export interface Responder {
  readonly type: string;
  /** @returns the port it listens on */
  start(): Promise<number>;
  stop(): Promise<void>;
}

/** A listener for validations as a part of the process. Its start throws AppError BIND_FAILED, naming the address. */
export const responderComponent = (
  responder: Responder,
  { bind, logger }: { bind: Bind; logger: Logger },
): Component => ({
  name: `${responder.type}-responder`,
  start: async () => {
    const port = await responder.start().catch((cause: NodeJS.ErrnoException) => {
      const reason = cause.code ?? 'unknown reason';
      throw new AppError('BIND_FAILED', `cannot listen on ${formatBind(bind)}: ${reason}`, { cause });
    });
    const address = formatBind({ ...bind, port });
    logger.info({ event: 'responder_listening', challenge: responder.type, address }, 'answers validations');
  },
  stop: () => responder.stop(),
});
