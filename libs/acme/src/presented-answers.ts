import { randomUUID } from 'node:crypto';
import { AppError, sleep } from '@viw/runtime';
import { acmeUnavailable } from './acme-errors';

/**
 * Answers that several responders share: the CA's request may reach any of them. Under each key stands one answer at a
 * time, since the CA can be shown only one. Nothing in it is secret.
 */
export interface SharedAnswers {
  /**
   * False: another key authorization stands there and nothing was changed. The same one is taken over: an order goes on
   * elsewhere with the same answers.
   * @param holder whoever presents it
   */
  put(key: string, keyAuthorization: string, holder: string): Promise<boolean>;
  find(key: string): Promise<string | undefined>;
  /** This answer of this holder and no other. */
  remove(key: string, keyAuthorization: string, holder: string): Promise<void>;
}

/** Questions for what nobody has presented are cheap to ask: so many may be looked up at once, the others fail. */
const MAX_LOOKUPS = 16;
/** Longer than the validation of another order takes; after that the attempt is put off. */
const TURN_MS = 60_000;
const LOOK_MS = { first: 50, longest: 1_000 };

interface Own {
  readonly keyAuthorization: string;
  /** How often it is presented here: a former attempt at the same order may still be on its way out. */
  times: number;
}

/**
 * Key authorizations of validations under way, here and at whom it shares them with, by what the CA asks for. Two orders
 * that want to answer the same question differently take turns.
 */
export class PresentedAnswers {
  readonly #own = new Map<string, Own>();
  readonly #holder = randomUUID();
  readonly #turnMs: number;
  #lookups = 0;

  constructor(
    private readonly shared: SharedAnswers | undefined,
    { turnMs = TURN_MS }: { turnMs?: number } = {},
  ) {
    this.#turnMs = turnMs;
  }

  /** Presented here. */
  get size(): number {
    return this.#own.size;
  }

  /** Here only. */
  set(key: string, keyAuthorization: string): void {
    this.#own.set(key, { keyAuthorization, times: 1 });
  }

  delete(key: string): void {
    this.#own.delete(key);
  }

  /**
   * Waits for its turn while another order answers the same question.
   * @throws AppError UNAVAILABLE when it cannot be shared: another responder would deny it; ACME_UNAVAILABLE when its turn
   *   does not come; the signal's reason
   */
  async present(key: string, keyAuthorization: string, signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + this.#turnMs;
    for (let pause = LOOK_MS.first; ; pause = Math.min(pause * 2, LOOK_MS.longest)) {
      if (await this.#claim(key, keyAuthorization)) return;
      if (performance.now() + pause > deadline)
        throw acmeUnavailable(
          `${key}: other orders are being validated for it; each has to wait for its turn`,
        );
      await sleep(pause, signal);
    }
  }

  /** This answer alone; also when presenting it has failed half-way. */
  async withdraw(key: string, keyAuthorization: string): Promise<void> {
    const own = this.#own.get(key);
    if (own?.keyAuthorization === keyAuthorization) {
      this.#forgetOnce(key);
      if (own.times > 0) return;
    }
    await this.shared?.remove(key, keyAuthorization, this.#holder);
  }

  /** The caller holds the order now: what its former worker has shared is taken over first. */
  async discard(key: string, keyAuthorization: string): Promise<void> {
    if (await this.shared?.put(key, keyAuthorization, this.#holder))
      await this.shared?.remove(key, keyAuthorization, this.#holder);
  }

  /** @throws AppError UNAVAILABLE when too many ask at once; what `find` of the shared ones throws */
  async find(key: string): Promise<string | undefined> {
    const own = this.#own.get(key)?.keyAuthorization;
    if (own !== undefined || !this.shared) return own;
    if (this.#lookups >= MAX_LOOKUPS) throw new AppError('UNAVAILABLE', 'too many look-ups');
    this.#lookups += 1;
    try {
      return await this.shared.find(key);
    } finally {
      this.#lookups -= 1;
    }
  }

  /** Here first: what is not ours here need not be asked for elsewhere. */
  async #claim(key: string, keyAuthorization: string): Promise<boolean> {
    const own = this.#own.get(key);
    if (own && own.keyAuthorization !== keyAuthorization) return false;
    if (own) own.times += 1;
    else this.#own.set(key, { keyAuthorization, times: 1 });
    try {
      const ours = (await this.shared?.put(key, keyAuthorization, this.#holder)) ?? true;
      if (!ours) this.#forgetOnce(key);
      return ours;
    } catch (cause) {
      this.#forgetOnce(key);
      throw new AppError('UNAVAILABLE', 'the answer to the challenge cannot be stored', { cause });
    }
  }

  #forgetOnce(key: string): void {
    const own = this.#own.get(key);
    if (!own) return;
    own.times -= 1;
    if (own.times === 0) this.#own.delete(key);
  }
}
