import type { Bind, Component, Logger } from '@viw/runtime';
import { AppError, formatBind, isLoopback } from '@viw/runtime';

/** Plain HTTP is for loopback; off it somebody has to want it, and it is said loudly. */
export class PlainHttpConsent implements Component {
  readonly name = 'plain-http-consent';

  constructor(
    private readonly options: { readonly bind: Bind; readonly force: boolean },
    private readonly deps: { readonly logger: Logger },
  ) {}

  /** @throws AppError CONFIG_INVALID */
  start(): void {
    const { bind, force } = this.options;
    if (isLoopback(bind.host)) return;
    if (!force)
      throw new AppError(
        'CONFIG_INVALID',
        `BACKEND_TLS_MODE=insecure on ${formatBind(bind)}: passwords would cross the network in clear. Set BACKEND_TLS_MODE to ca, acme or custom, bind to loopback, or say BACKEND_TLS_INSECURE_FORCE=true where something in front ends TLS`,
      );
    this.deps.logger.warn(
      { event: 'tls_insecure', address: formatBind(bind) },
      'THE API SPEAKS PLAIN HTTP OFF LOOPBACK: only what ends TLS in front may reach it',
    );
  }

  stop(): void {
    // Nothing is held.
  }
}
