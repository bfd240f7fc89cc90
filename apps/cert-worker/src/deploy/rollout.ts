import { deployOrder, type DeployOrder } from '@viw/contracts';
import type { DeployTarget, OperationTargetRepository, OperationWork } from '@viw/database';
import { AppError, foreignText, redactText, toAppError } from '@viw/runtime';
import { isPassing } from '../operation/failure';
import type { StepJournal } from '../operation/step-journal';
import { planRollout, type ServerTargets } from './rollout-plan';

export interface RolloutDeps {
  readonly targets: Pick<OperationTargetRepository, 'plan' | 'setState'>;
  /** Puts the version into service on one virtual host and proves it, or throws. */
  readonly deployTo: (target: DeployTarget) => Promise<void>;
  readonly journal: Pick<StepJournal, 'report' | 'changed'>;
}

/** Of an operation's parameters; what is missing or has been stored by an older backend is the default. */
export const orderOf = ({ parameters }: Pick<OperationWork, 'parameters'>): DeployOrder =>
  deployOrder.catch(deployOrder.parse({})).parse(parameters['rollout'] ?? {});

/**
 * One operation's way through its servers: canary, then wave after wave, each begun when the one before it is proved as
 * a whole. The first failure halts it: servers under way are seen through, no other one is begun. What an attempt before
 * a crash has proved is not done again.
 */
export class Rollout {
  readonly #work: OperationWork;
  readonly #order: DeployOrder;
  readonly #deps: RolloutDeps;
  readonly #failures: Error[] = [];
  #done: ReadonlySet<string> = new Set();

  constructor(work: OperationWork, deps: RolloutDeps) {
    this.#work = work;
    this.#order = orderOf(work);
    this.#deps = deps;
  }

  /** @throws the first failure; before that, whatever may pass and ends the attempt but not the operation */
  async run(targets: readonly DeployTarget[], signal: AbortSignal): Promise<void> {
    const waves = planRollout(targets, this.#order);
    const { operation_id: id, fencing } = this.#work;
    this.#done = await this.#deps.targets.plan(id, fencing, waves.flatMap(plannedHosts));
    const begun = new Set<string>();
    for (const wave of waves) {
      if (this.#failures.length > 0) break;
      await this.#runWave(wave, begun, signal);
    }
    if (this.#failures.length === 0) return;
    const passing = this.#failures.find((error) => signal.aborted || isPassing(error));
    if (passing !== undefined) throw passing;
    const rest = targets.filter((target) => !begun.has(target.id) && !this.#done.has(target.id));
    await this.#skip(rest);
    throw this.#failure();
  }

  async #runWave(wave: readonly ServerTargets[], begun: Set<string>, signal: AbortSignal): Promise<void> {
    const queue = [...wave];
    const lane = async (): Promise<void> => {
      for (let server = queue.shift(); server; server = queue.shift()) {
        for (const target of server.hosts) {
          if (this.#failures.length > 0) return;
          if (this.#done.has(target.id)) continue;
          begun.add(target.id);
          await this.#runHost(target, signal);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#order.concurrency, wave.length) }, lane));
  }

  /** Never rejects. */
  async #runHost(target: DeployTarget, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      await this.#set([target], 'running');
      await this.#deps.deployTo(target);
      await this.#set([target], 'done');
    } catch (caught) {
      const error = caught instanceof Error ? caught : toAppError(caught);
      this.#failures.push(error);
      if (signal.aborted || isPassing(error)) return;
      const detail = foreignText(redactText(toAppError(error).message), 2_000);
      await this.#set([target], 'failed', { detail, rollback: rollbackOf(error) }).catch((lost: unknown) =>
        this.#failures.unshift(toAppError(lost)),
      );
    }
  }

  async #skip(rest: readonly DeployTarget[]): Promise<void> {
    const detail = `not begun: the deployment to ${this.#whereFirst()} failed`;
    await this.#set(rest, 'skipped', { detail });
    for (const { id } of rest)
      await this.#deps.journal.report({ step: 'deploy', status: 'skipped', virtual_host_id: id, detail });
  }

  async #set(
    targets: readonly DeployTarget[],
    state: 'running' | 'done' | 'failed' | 'skipped',
    more: Parameters<OperationTargetRepository['setState']>[4] = {},
  ): Promise<void> {
    const ids = targets.map(({ id }) => id);
    await this.#deps.targets.setState(this.#work.operation_id, this.#work.fencing, ids, state, more);
    this.#deps.journal.changed();
  }

  #whereFirst(): string {
    const [first] = this.#failures;
    const server = first instanceof AppError ? first.meta['server'] : undefined;
    return typeof server === 'string' ? server : 'another server';
  }

  #failure(): Error {
    // What cannot wait comes first: words that are too many are cut at their end.
    const [first, ...more] = this.#failures.toSorted((a, b) => urgency(b) - urgency(a));
    if (!(first instanceof AppError)) return first ?? new AppError('INTERNAL_ERROR');
    if (more.length === 0) return first;
    return new AppError(first.code, [first, ...more].map(({ message }) => message).join('; also '), {
      meta: first.meta,
      retryable: first.retryable,
      cause: first,
    });
  }
}

const rollbackOf = (error: Error): 'done' | 'failed' | undefined => {
  const rollback = error instanceof AppError ? error.meta['rollback'] : undefined;
  return rollback === 'done' || rollback === 'failed' ? rollback : undefined;
};

const urgency = (error: Error): number =>
  error instanceof AppError && error.meta['rollback'] === 'failed' ? 1 : 0;

const plannedHosts = (servers: readonly ServerTargets[], wave: number) =>
  servers.flatMap(({ serverId, name, hosts }) =>
    hosts.map(({ id }) => ({ virtual_host_id: id, server_id: serverId, server_name: name, wave })),
  );
