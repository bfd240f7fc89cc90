import type { Checkpoint } from '@viw/database';
import type { Kek } from '@viw/secrets';
import { AuditSigningKeys } from './signing-keys';
import type { Verdict } from './signing-keys';

const KIND = 'viw-audit-checkpoint';

type Place = Pick<Checkpoint, 'seq' | 'hash' | 'at'>;
const factsOf = ({ seq, hash, at }: Place): Place => ({ seq, hash, at });

/** Signs where the chain stands. */
export class CheckpointSigner {
  readonly #keys: AuditSigningKeys;

  /** The first key signs; what any of them has signed is known. */
  constructor(options: { readonly keys: readonly [Kek, ...Kek[]] }) {
    this.#keys = new AuditSigningKeys(options);
  }

  /** For whoever keeps checkpoints elsewhere. */
  get publicKeys(): { kid: string; x: string }[] {
    return this.#keys.publicKeys;
  }

  sign(place: Place): Checkpoint {
    return { ...place, ...this.#keys.sign(KIND, factsOf(place)) };
  }

  judge(checkpoint: Checkpoint): Verdict {
    return this.#keys.judge(KIND, factsOf(checkpoint), checkpoint);
  }
}
