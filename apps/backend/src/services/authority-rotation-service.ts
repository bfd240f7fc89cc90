import { AppError } from '@viw/runtime';
import type { AuthorityRotation } from '../private-ca/authority-rotation';
import type { PrivateCa } from '../private-ca/private-ca';
import type { RevocationLists } from '../private-ca/revocation-lists';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface AuthorityRotationServiceDeps {
  readonly writes: IdempotentWrites;
  readonly rotation: Pick<AuthorityRotation, 'begin' | 'end'>;
  readonly ca: Pick<PrivateCa, 'reread'>;
  readonly lists: Pick<RevocationLists, 'refresh'>;
}

/** The next authority of a purpose, and the end of the one before, as administrators ask for them. */
export class AuthorityRotationService {
  constructor(private readonly deps: AuthorityRotationServiceDeps) {}

  /** @returns the next one's id. @throws AppError as `AuthorityRotation.begin` */
  async rotate(write: WriteRequest, id: string, announceS: number | undefined): Promise<string> {
    const byPerson = write.caller.kind === 'administrator';
    const { next } = await this.deps.writes.perform(write, async (repositories) => {
      const made = await this.deps.rotation.begin(repositories, id, announceS, byPerson);
      const row = (await repositories.certificateAuthorities.list()).find((each) => each.id === made);
      const detail = { purpose: row?.purpose, next: made, in_use_from: row?.announced_until ?? null };
      return { answer: { next: made }, ...told('ca.rotate', id, detail) };
    });
    await this.#changed();
    return next;
  }

  /** @throws AppError as `AuthorityRotation.end`; FORBIDDEN when somebody else than an administrator forces it */
  async end(write: WriteRequest, id: string, force: boolean): Promise<void> {
    if (force && write.caller.kind !== 'administrator')
      throw new AppError('FORBIDDEN', 'An administrator alone can end what is needed still');
    await this.deps.writes.perform(write, async (repositories) => {
      const cutOff = await this.deps.rotation.end(repositories, id, force);
      return { answer: {}, ...told('ca.end', id, { force, cut_off: cutOff }) };
    });
    await this.#changed();
  }

  /** Known here now if it can be, and a few seconds later if not. */
  async #changed(): Promise<void> {
    await this.deps.ca.reread().catch(() => undefined);
    await this.deps.lists.refresh().catch(() => undefined);
  }
}

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: { action, object: { kind: 'certificate_authority', id }, detail },
});
