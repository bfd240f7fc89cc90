/** The connection as a person wants to know it. Times by the host's clock, ISO 8601. */
export interface ConnectionReport {
  /** Host and port of the hub that is connected, or that is dialled next. */
  readonly hub: string;
  readonly connected: boolean;
  /** Since when it is connected, or is not. */
  readonly since: string;
  /** Since the last time that it was connected. */
  readonly failed_attempts: number;
  readonly last_failure?: { readonly at: string; readonly hub: string; readonly reason: string };
}

/** Keeps the report of one connection. */
export class ConnectionRecord {
  #connected = false;
  #since = new Date();
  #failed = 0;
  #lastFailure: ConnectionReport['last_failure'];

  opened(): void {
    this.#connected = true;
    this.#since = new Date();
    this.#failed = 0;
  }

  /** @param reason without anything secret */
  ended(hub: string, reason: string): void {
    if (this.#connected) this.#since = new Date();
    else this.#failed += 1;
    this.#connected = false;
    this.#lastFailure = { at: new Date().toISOString(), hub, reason };
  }

  report(hub: string): ConnectionReport {
    return {
      hub,
      connected: this.#connected,
      since: this.#since.toISOString(),
      failed_attempts: this.#failed,
      ...(this.#lastFailure === undefined ? {} : { last_failure: this.#lastFailure }),
    };
  }
}
