import type { TokenKeyList } from '@viw/contracts';
import type { TokenKeyring } from '../auth/token-keyring';
import type { Repositories } from '../store';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface TokenKeyServiceDeps {
  readonly repositories: Pick<Repositories, 'tokenKeys'>;
  readonly keyring: Pick<TokenKeyring, 'list' | 'rotate'>;
  readonly writes: IdempotentWrites;
}

/** The keys that sign API tokens, as people see and turn them. */
export class TokenKeyService {
  constructor(private readonly deps: TokenKeyServiceDeps) {}

  async list(): Promise<TokenKeyList> {
    return { items: await this.deps.keyring.list(this.deps.repositories) };
  }

  /** @throws AppError CONFLICT as `TokenKeyring.rotate` */
  rotate(write: WriteRequest, atOnce: boolean): Promise<TokenKeyList> {
    const { keyring, writes } = this.deps;
    return writes.perform(write, async (repositories) => {
      const kid = await keyring.rotate(repositories, { atOnce });
      return {
        answer: { items: await keyring.list(repositories) },
        audit: {
          action: 'token_keys.rotate',
          object: { kind: 'token_key', id: kid },
          detail: { at_once: atOnce },
        },
      };
    });
  }
}
