import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiError, type Client } from '@viw/client';
import type { CommandRequest } from '@viw/contracts';
import { fullJitter } from '@viw/runtime';
import type { Chance } from '../chance';
import { openLoop } from '../open-loop';
import type { AskedCommand } from '../ledger/command-books';

export interface CommandLoadOptions {
  readonly agents: readonly string[];
  readonly commandsPerSecond: number;
  /** A client that has no answer by then, this long after the end of the window, gives up. Milliseconds. */
  readonly patienceMs: number;
}

export interface CommandLoadDeps {
  readonly client: Pick<Client, 'commands'>;
  readonly chance: Chance;
}

const ANSWER_WITHIN_MS = 10_000;
/** Clients that all ask again at once would keep a slow backend from ever answering in time. */
const BACKOFF = { baseMs: 500, capMs: 15_000 };
/** Longer than anything is away, so that commands are delivered after all. Seconds. */
const LONG_TTL_S = 60;

/**
 * API clients that ask for commands in an open loop and, when no answer comes, ask again under the same key until one
 * does, as a client must that wants to lose none and to have none twice.
 */
export class CommandLoad {
  readonly asked: AskedCommand[] = [];
  readonly #options: CommandLoadOptions;
  readonly #deps: CommandLoadDeps;
  readonly #open = new Set<Promise<void>>();
  #giveUpAt = Infinity;

  constructor(options: CommandLoadOptions, deps: CommandLoadDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Resolves when every client has an answer or has given up. */
  async run(windowMs: number): Promise<void> {
    const start = performance.now();
    this.#giveUpAt = start + windowMs + this.#options.patienceMs;
    await openLoop(this.#options.commandsPerSecond, windowMs, () => {
      const asking = this.#ask(performance.now() - start < windowMs / 2);
      this.#open.add(asking);
      void asking.finally(() => this.#open.delete(asking));
    });
    await Promise.all(this.#open);
  }

  async #ask(early: boolean): Promise<void> {
    const { chance } = this.#deps;
    const agentId = chance.pick(this.#options.agents);
    // Some are to run out of time on the way; early ones, because what became of them may be known late.
    const ttl_s = early && chance.next() < 0.1 ? chance.int(1, 3) : LONG_TTL_S;
    const { asked, request, idempotencyKey } = compose(agentId, ttl_s, chance);
    this.asked.push(asked);
    for (let attempt = 0; ; attempt++) {
      try {
        const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
        const options = { signal, ...(idempotencyKey !== undefined && { idempotencyKey }) };
        asked.accepted = (await this.#deps.client.commands.run(agentId, request, options)).correlation_id;
        return;
      } catch (error) {
        if (isFinal(error)) {
          asked.refused = error.code;
          return;
        }
        const retryAfterMs = error instanceof ApiError ? (error.retryAfterS ?? 0) * 1_000 : 0;
        const waitMs = retryAfterMs + 50 + fullJitter(BACKOFF, attempt);
        if (performance.now() + waitMs > this.#giveUpAt) return;
        await pause(waitMs);
      }
    }
  }
}

interface Composed {
  readonly asked: AskedCommand;
  readonly request: CommandRequest;
  readonly idempotencyKey: string | undefined;
}

/** Two thirds have an effect; about half carry an idempotency key, the others a correlation id of the caller's own. */
function compose(agent_id: string, ttl_s: number, chance: Chance): Composed {
  const dice = chance.next();
  if (dice < 0.65) {
    const verb = dice < 0.45 ? 'create_panel_user' : 'delete_user';
    const mark = `u-${randomUUID()}`;
    const parameters = {
      username: mark,
      ...(verb === 'create_panel_user' && { password: `pass-${randomUUID()}` }),
    };
    const byKey = chance.next() < 0.5;
    return {
      asked: { agent_id, verb, mark, hasEffect: true },
      request: { command: verb, parameters, ttl_s, ...(!byKey && { correlation_id: randomUUID() }) },
      idempotencyKey: byKey ? randomUUID() : undefined,
    };
  }
  const verb = dice < 0.85 ? 'list_users' : 'get_system_health';
  const mark = randomUUID();
  return {
    asked: { agent_id, verb, mark, hasEffect: false },
    request: { command: verb, ttl_s, correlation_id: mark },
    idempotencyKey: undefined,
  };
}

/** Asking again would change nothing. */
function isFinal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status < 500 && error.status !== 429;
}
