import { isLoopbackUrl, knownDirectory } from '@viw/contracts';
import type { acmeAccountCreate, acmeAccountPatch, AcmeAccountView } from '@viw/contracts';
import type { ListOptions, Page } from '@viw/database';
import { AppError, uuidv7 } from '@viw/runtime';
import { sealBindingKey } from '@viw/secrets';
import type { SecretBox } from '@viw/secrets';
import type { z } from 'zod';
import type { Repositories } from '../store';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface AcmeAccountServiceOptions {
  /** Directories may name this machine. */
  readonly loopback: boolean;
}

export interface AcmeAccountServiceDeps {
  readonly repositories: Pick<Repositories, 'issuerAccounts'>;
  readonly writes: IdempotentWrites;
  readonly secretBox: SecretBox;
}

type Binding = z.output<typeof acmeAccountCreate>['external_account_binding'];

/** Accounts at ACME directories. What is to be done at the CA is a cert-worker's work; here it is only asked for. */
export class AcmeAccountService {
  constructor(
    private readonly options: AcmeAccountServiceOptions,
    private readonly deps: AcmeAccountServiceDeps,
  ) {}

  list(options: ListOptions): Promise<Page<AcmeAccountView>> {
    return this.deps.repositories.issuerAccounts.list(options);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<AcmeAccountView> {
    return existing(await this.deps.repositories.issuerAccounts.get(id));
  }

  /** To be registered. The binding's key is sealed before it reaches the database. @throws AppError ALREADY_EXISTS */
  create(write: WriteRequest, input: z.output<typeof acmeAccountCreate>): Promise<AcmeAccountView> {
    const { issuer, contact, external_account_binding, key_type } = input;
    const known = knownDirectory(issuer);
    const directoryUrl = known?.directoryUrl ?? input.directory_url;
    if (directoryUrl === undefined) throw new AppError('VALIDATION_FAILED', 'directory_url: missing');
    if (!this.options.loopback && isLoopbackUrl(directoryUrl))
      throw new AppError('VALIDATION_FAILED', 'directory_url: names the machine itself');
    const id = uuidv7();
    const eab = this.#sealed(id, external_account_binding);
    return this.deps.writes.perform(write, async ({ issuerAccounts }) => {
      await issuerAccounts.create({
        id,
        issuer,
        label: input.label ?? known?.label ?? null,
        directory_url: directoryUrl,
        directory_ca: input.directory_ca ?? null,
        contact,
        eab,
        key_type,
        preferred_chain: input.preferred_chain ?? null,
        profile: input.profile ?? null,
      });
      const detail = { issuer, directory_url: directoryUrl, contact, eab_kid: eab?.kid ?? null, key_type };
      return {
        answer: existing(await issuerAccounts.get(id)),
        ...told('acme_account.create', id, detail),
      };
    });
  }

  /** Registered once more, which tells the CA. @throws AppError NOT_FOUND; CONFLICT for what cannot be changed here */
  change(
    write: WriteRequest,
    id: string,
    { external_account_binding: binding, ...change }: z.output<typeof acmeAccountPatch>,
  ): Promise<AcmeAccountView> {
    const eab = this.#sealed(id, binding);
    return this.deps.writes.perform(write, async ({ issuerAccounts }) => {
      assertOurs(existing(await issuerAccounts.get(id)));
      if (!(await issuerAccounts.change(id, { ...change, eab })))
        throw new AppError('CONFLICT', 'The account is being deactivated');
      const detail = { ...change, ...(eab && { eab_kid: eab.kid }) };
      return {
        answer: existing(await issuerAccounts.get(id)),
        ...told('acme_account.change', id, detail),
      };
    });
  }

  /** To be deactivated at the CA, for good. @throws AppError NOT_FOUND; CONFLICT while certificates are issued by it */
  remove(write: WriteRequest, id: string): Promise<AcmeAccountView> {
    return this.deps.writes.perform(write, async ({ issuerAccounts }) => {
      const account = existing(await issuerAccounts.get(id));
      assertOurs(account);
      const used = await issuerAccounts.retire(id);
      if (used > 0)
        throw new AppError(
          'CONFLICT',
          `${used} certificates are issued by ${account.issuer}: without the account they could be neither renewed nor revoked. Revoke or delete them first`,
        );
      return {
        answer: existing(await issuerAccounts.get(id)),
        ...told('acme_account.delete', id, { issuer: account.issuer }),
      };
    });
  }

  #sealed(id: string, binding: Binding) {
    if (!binding) return undefined;
    return { kid: binding.kid, key_sealed: sealBindingKey(this.deps.secretBox, id, binding.hmac_key) };
  }
}

function existing(account: AcmeAccountView | undefined): AcmeAccountView {
  if (!account || account.state === 'deactivated')
    throw new AppError('NOT_FOUND', 'There is no such ACME account');
  return account;
}

/** @throws AppError CONFLICT */
function assertOurs({ read_only }: AcmeAccountView): void {
  if (read_only)
    throw new AppError(
      'CONFLICT',
      'This account is made by the configuration of cert-workers: change it there',
    );
}

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: { action, object: { kind: 'acme_account', id }, detail },
});
