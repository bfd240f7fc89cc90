import type { secondFactorCreated } from '@viw/contracts';
import type { SealedEnvelope } from '@viw/database';
import type { Clock } from '@viw/runtime';
import { AppError, systemClock } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import type { z } from 'zod';
import { principalOf } from '../auth/caller';
import type { Caller } from '../auth/caller';
import type { SignInLimiter } from '../auth/sign-in-limiter';
import { newTotpSecret, totpEnrolment, totpStepOf } from '../auth/totp';
import type { Repositories } from '../store';
import { auditEntry } from './audit-trail';
import type { AuditTrail } from './audit-trail';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface SecondFactorDeps {
  readonly writes: IdempotentWrites;
  readonly box: SecretBox;
  readonly limiter: SignInLimiter;
  readonly audit: AuditTrail;
  readonly clock?: Clock;
}

const contextOf = (id: string) => ({ purpose: 'administrator.totp', id });

/** The second factor of people: a secret that their authenticator app and the backend know, sealed at rest. */
export class SecondFactorService {
  readonly #clock: Clock;

  constructor(private readonly deps: SecondFactorDeps) {
    this.#clock = deps.clock ?? systemClock;
  }

  /**
   * A new secret, which counts once a code of it was confirmed. Shown once.
   * @throws AppError BAD_REQUEST for a machine, CONFLICT when there is one that counts
   */
  propose(write: WriteRequest): Promise<z.output<typeof secondFactorCreated>> {
    const { id, name } = person(write.caller);
    const secret = newTotpSecret();
    return this.deps.writes.perform(
      write,
      async ({ secondFactors }) => {
        if (!(await secondFactors.propose(id, this.deps.box.seal(secret, contextOf(id)))))
          throw new AppError('CONFLICT', 'There is a second factor: remove it first');
        return { answer: totpEnrolment(secret, name), ...told('second_factor.propose', id) };
      },
      { shownOnce: true },
    );
  }

  /** @throws AppError as `#change` */
  confirm(write: WriteRequest, code: string): Promise<void> {
    return this.#change(write, code, 'second_factor.confirm', ({ secondFactors }, id) =>
      secondFactors.confirm(id),
    );
  }

  /** @throws AppError as `#change` */
  remove(write: WriteRequest, code: string): Promise<void> {
    return this.#change(write, code, 'second_factor.remove', ({ secondFactors }, id) =>
      secondFactors.remove(id),
    );
  }

  /** Whether the code is one of now that was not taken before; it is taken then. */
  async take(
    { secondFactors }: Pick<Repositories, 'secondFactors'>,
    account: { readonly id: string; readonly sealed: SealedEnvelope },
    code: string,
  ): Promise<boolean> {
    const secret = this.deps.box.open(account.sealed, contextOf(account.id));
    const step = totpStepOf(secret, code, this.#clock.now());
    return step !== undefined && secondFactors.takeStep(account.id, step);
  }

  /** @throws AppError BAD_REQUEST for a machine, NOT_FOUND without a second factor, FORBIDDEN for a wrong code, RATE_LIMITED */
  async #change(
    write: WriteRequest,
    code: string,
    action: string,
    change: (repositories: Repositories, id: string) => Promise<void>,
  ): Promise<void> {
    const { id, name } = person(write.caller);
    const { address } = write.request;
    await this.deps.limiter.attempt(name, address);
    const done = this.deps.writes.perform(write, async (repositories) => {
      const factor = await repositories.secondFactors.get(id);
      if (!factor) throw new AppError('NOT_FOUND', 'There is no second factor');
      if (!(await this.take(repositories, { id, sealed: factor.sealed }, code)))
        throw new AppError('FORBIDDEN', 'The code is wrong, was used, or its time is over');
      await change(repositories, id);
      return { answer: null, ...told(action, id) };
    });
    await done.catch(async (error: unknown) => {
      if (error instanceof AppError && error.code === 'FORBIDDEN')
        await this.deps.audit.append(
          auditEntry(principalOf(write.caller), write.request, 'denied', told(action, id).audit),
        );
      throw error;
    });
    await this.deps.limiter.succeeded(name, address);
  }
}

function person({ kind, id, name }: Caller): { id: string; name: string } {
  if (kind !== 'administrator') throw new AppError('BAD_REQUEST', 'Only people have a second factor');
  return { id, name };
}

const told = (action: string, id: string) => ({ audit: { action, object: { kind: 'administrator', id } } });
