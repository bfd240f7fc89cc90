import type { ArchiveRow } from '@viw/database';
import type { Kek } from '@viw/secrets';
import { AuditSigningKeys } from './signing-keys';
import type { Verdict } from './signing-keys';

const KIND = 'viw-audit-archive';

export type Cut = Omit<ArchiveRow, 'kid' | 'signature'>;

const factsOf = ({ seq, hash, after_seq, after_hash, entries, cut_off, at }: Cut): Cut => ({
  ...{ seq, hash, after_seq, after_hash },
  ...{ entries, cut_off, at },
});

/** Signs what a cut has dropped, by the keys of checkpoints. */
export class ArchiveSigner {
  readonly #keys: AuditSigningKeys;

  /** The first key signs; what any of them has signed is known. */
  constructor(options: { readonly keys: readonly [Kek, ...Kek[]] }) {
    this.#keys = new AuditSigningKeys(options);
  }

  sign(cut: Cut): ArchiveRow {
    return { ...cut, ...this.#keys.sign(KIND, factsOf(cut)) };
  }

  judge(row: ArchiveRow): Verdict {
    return this.#keys.judge(KIND, factsOf(row), row);
  }
}
