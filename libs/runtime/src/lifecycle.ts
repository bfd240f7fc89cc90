import { AppError } from './errors';
import type { Logger } from './logging';

/** A part of a process. `start` resolves when it serves; `stop` when nothing of it is left running. */
export interface Component {
  readonly name: string;
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
}

/**
 * Starts components in order and stops them in reverse. When one fails to start, those before it are stopped again
 * and the failure is thrown. A component whose own start failed is not stopped: it must leave nothing behind.
 */
export class Lifecycle {
  readonly #components: readonly Component[];
  readonly #logger: Logger;
  readonly #started: Component[] = [];
  readonly #stopFailures: string[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor({ components }: { components: readonly Component[] }, { logger }: { logger: Logger }) {
    this.#components = components;
    this.#logger = logger;
  }

  /** @throws whatever a component threw; UNAVAILABLE when `stop` came first */
  start(): Promise<void> {
    return (this.#starting ??= this.#startAll());
  }

  /**
   * Waits for a start under way, then stops what has started. Every component gets its turn even when another fails.
   * Calling it again returns the same promise.
   *
   * @throws AppError INTERNAL_ERROR naming the components that failed to stop
   */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stopAll());
  }

  async #startAll(): Promise<void> {
    for (const component of this.#components) {
      if (this.#stopping) throw new AppError('UNAVAILABLE', 'stopped before everything had started');
      try {
        await component.start();
      } catch (error) {
        this.#logger.error(
          { event: 'component_start_failed', component: component.name, error },
          'component failed to start',
        );
        await this.#stopStarted();
        throw error;
      }
      this.#started.push(component);
      this.#logger.debug({ event: 'component_started', component: component.name }, 'component started');
    }
  }

  async #stopAll(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    await this.#stopStarted();
    if (this.#stopFailures.length > 0) {
      throw new AppError('INTERNAL_ERROR', `failed to stop: ${this.#stopFailures.join(', ')}`);
    }
  }

  async #stopStarted(): Promise<void> {
    for (let component = this.#started.pop(); component !== undefined; component = this.#started.pop()) {
      try {
        await component.stop();
        this.#logger.debug({ event: 'component_stopped', component: component.name }, 'component stopped');
      } catch (error) {
        this.#stopFailures.push(component.name);
        this.#logger.error(
          { event: 'component_stop_failed', component: component.name, error },
          'component failed to stop',
        );
      }
    }
  }
}
