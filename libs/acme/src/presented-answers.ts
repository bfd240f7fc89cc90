import { randomUUID } from 'node:crypto';
import { AppError } from '@viw/runtime';

/** Answers that several responders share: the CA's request may reach any of them. Nothing in it is secret. */
export interface SharedAnswers {
  /** @param holder whoever presents it; the last one counts */
  put(key: string, keyAuthorization: string, holder: string): Promise<void>;
  find(key: string): Promise<string | undefined>;
  /** Unless somebody else has presented it since: an order goes on elsewhere with the same answers. */
  remove(key: string, holder: string): Promise<void>;
}

/** Questions for what nobody has presented are cheap to ask: so many may be looked up at once, the others fail. */
const MAX_LOOKUPS = 16;

/** Key authorizations of validations under way, here and at whom it shares them with, by what the CA asks for. */
export class PresentedAnswers {
  readonly #own = new Map<string, string>();
  readonly #holder = randomUUID();
  #lookups = 0;

  constructor(private readonly shared: SharedAnswers | undefined) {}

  /** Presented here. */
  get size(): number {
    return this.#own.size;
  }

  /** Here only. */
  set(key: string, keyAuthorization: string): void {
    this.#own.set(key, keyAuthorization);
  }

  delete(key: string): void {
    this.#own.delete(key);
  }

  /** @throws AppError UNAVAILABLE when it cannot be shared: another responder would deny it */
  async present(key: string, keyAuthorization: string): Promise<void> {
    this.set(key, keyAuthorization);
    await this.shared?.put(key, keyAuthorization, this.#holder).catch((cause: unknown) => {
      throw new AppError('UNAVAILABLE', 'the answer to the challenge cannot be stored', { cause });
    });
  }

  async withdraw(key: string): Promise<void> {
    this.delete(key);
    await this.shared?.remove(key, this.#holder);
  }

  /** The caller holds the order now: what its former worker has shared is taken over first. */
  async discard(key: string, keyAuthorization: string): Promise<void> {
    await this.shared?.put(key, keyAuthorization, this.#holder);
    await this.shared?.remove(key, this.#holder);
  }

  /** @throws AppError UNAVAILABLE when too many ask at once; what `find` of the shared ones throws */
  async find(key: string): Promise<string | undefined> {
    const own = this.#own.get(key);
    if (own !== undefined || !this.shared) return own;
    if (this.#lookups >= MAX_LOOKUPS) throw new AppError('UNAVAILABLE', 'too many look-ups');
    this.#lookups += 1;
    try {
      return await this.shared.find(key);
    } finally {
      this.#lookups -= 1;
    }
  }
}
