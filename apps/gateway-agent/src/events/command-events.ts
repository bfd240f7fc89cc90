import type { AgentErrorCode, CommandFrame, HelperReply } from '@viw/contracts';
import type { EventSink } from './host-events';

/** Refusals that no honest control plane causes. */
const SUSPICIOUS: ReadonlySet<AgentErrorCode> = new Set(['INVALID_SIGNATURE', 'REPLAY_DETECTED']);

/** Tells of what commands bring to light: forgeries, and a journal that cannot be written. */
export class CommandEvents {
  readonly #events: EventSink;
  #journalFails = false;

  constructor({ events }: { readonly events: EventSink }) {
    this.#events = events;
  }

  finished(
    { correlation_id, verb }: Pick<CommandFrame, 'correlation_id' | 'verb'>,
    outcome: HelperReply,
  ): void {
    const code = outcome.error?.code;
    if (outcome.status === 'denied' && code !== undefined && SUSPICIOUS.has(code))
      this.#events.emit('security', 'command.refused', { correlation_id, verb, code });
  }

  /** Told once, until it works again. */
  journalFailed(error: unknown): void {
    if (this.#journalFails) return;
    this.#journalFails = true;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    this.#events.emit('service', 'journal.failed', { code });
  }

  journalWorks(): void {
    if (!this.#journalFails) return;
    this.#journalFails = false;
    this.#events.emit('service', 'journal.works');
  }
}
