import type { administratorCreate, administratorPatch, passwordChange } from '@viw/contracts';
import type { Administrator, ListOptions } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { z } from 'zod';
import { principalOf } from '../auth/caller';
import type { Passwords } from '../auth/passwords';
import type { SignInLimiter } from '../auth/sign-in-limiter';
import type { Repositories } from '../store';
import { auditEntry } from './audit-trail';
import type { AuditTrail } from './audit-trail';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface AdministratorServiceDeps {
  readonly repositories: Pick<Repositories, 'administrators'>;
  readonly writes: IdempotentWrites;
  readonly passwords: Passwords;
  readonly limiter: SignInLimiter;
  readonly audit: AuditTrail;
}

const noSuch = (): AppError => new AppError('NOT_FOUND', 'No such administrator');

/** People who may sign in. Somebody who may do everything is always left. */
export class AdministratorService {
  constructor(private readonly deps: AdministratorServiceDeps) {}

  list(options: ListOptions) {
    return this.deps.repositories.administrators.list(options);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<Administrator> {
    const found = await this.deps.repositories.administrators.get(id);
    if (!found) throw noSuch();
    return found;
  }

  /** @throws AppError ALREADY_EXISTS */
  async create(write: WriteRequest, input: z.output<typeof administratorCreate>): Promise<Administrator> {
    const { password, ...account } = input;
    const password_hash = password === undefined ? undefined : await this.deps.passwords.hash(password);
    return this.deps.writes.perform(write, async ({ administrators }) => {
      const made = await administrators.create({ ...account, password_hash });
      const detail = { ...account, identity_only: made.identity_only };
      return { answer: made, ...told('administrator.create', made.id, detail) };
    });
  }

  /** Another way to sign in, or a disabled account, ends its sessions. @throws AppError as `AdministratorRepository.patch` */
  async update(
    write: WriteRequest,
    id: string,
    { password, identity_only, second_factor: factor, ...patch }: z.output<typeof administratorPatch>,
  ): Promise<Administrator> {
    const set = password === undefined ? undefined : await this.deps.passwords.hash(password);
    const password_hash = identity_only === true ? null : set;
    return this.deps.writes.perform(write, async ({ administrators, secondFactors, sessions }) => {
      await administrators.patch(id, { ...patch, password_hash });
      if (factor === false) await secondFactors.remove(id);
      if (password_hash !== undefined || patch.identity !== undefined || patch.disabled === true)
        await sessions.deleteAllOf(id);
      const detail = {
        ...patch,
        ...(password === undefined ? {} : { password_changed: true }),
        ...(identity_only === undefined ? {} : { identity_only }),
        ...(factor === undefined ? {} : { second_factor_removed: true }),
      };
      const answer = await administrators.get(id);
      if (!answer) throw noSuch();
      return { answer, ...told('administrator.update', id, detail) };
    });
  }

  /** @throws AppError NOT_FOUND, CONFLICT */
  async delete(write: WriteRequest, id: string): Promise<void> {
    await this.deps.writes.perform(write, async ({ administrators }) => {
      if (!(await administrators.delete(id))) throw noSuch();
      return { answer: null, ...told('administrator.delete', id, {}) };
    });
  }

  /**
   * One's own; every session ends, the present one too.
   * @throws AppError BAD_REQUEST for a machine, RATE_LIMITED, FORBIDDEN when the present one is wrong
   */
  async changePassword(write: WriteRequest, input: z.output<typeof passwordChange>): Promise<void> {
    const { caller, request } = write;
    if (caller.kind !== 'administrator') throw new AppError('BAD_REQUEST', 'Only people have a password');
    const { passwords, limiter, repositories } = this.deps;
    await limiter.attempt(caller.name, request.address);
    const account = await repositories.administrators.findForSignIn(caller.name);
    const right = await passwords.verify(input.current_password, account?.password_hash ?? undefined);
    if (!account || !right) {
      const { audit } = told('administrator.password', caller.id, { reason: 'wrong present password' });
      await this.deps.audit.append(auditEntry(principalOf(caller), request, 'denied', audit));
      throw new AppError('FORBIDDEN', 'The present password is wrong');
    }
    await limiter.succeeded(caller.name, request.address);
    const hash = await passwords.hash(input.password);
    await this.deps.writes.perform(write, async ({ administrators, sessions }) => {
      // Another administrator was quicker: what he has taken away does not come back.
      if (!(await administrators.holdForSignIn(account)))
        throw new AppError('FORBIDDEN', 'The account was changed just now');
      await administrators.setPasswordHash(caller.id, hash);
      await sessions.deleteAllOf(caller.id);
      return { answer: null, ...told('administrator.password', caller.id, {}) };
    });
  }
}

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: { action, object: { kind: 'administrator', id }, detail },
});
