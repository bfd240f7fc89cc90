/** What a comparison of the books with what is stored brought to light. All but the first two counts must be 0. */
export interface Findings {
  /** Effects that were promised by an acknowledgement. */
  readonly promised: number;
  /** Rows found. */
  readonly stored: number;
  /** Promised and not there. */
  readonly lost: number;
  /** There more than once. */
  readonly duplicated: number;
  /** There although nobody sent it, or other than it was sent. */
  readonly phantom: number;
  /** Went back to something older. */
  readonly disordered: number;
  /** The first few of all of these, for a person. */
  readonly examples: readonly string[];
}

export type Damage = 'lost' | 'duplicated' | 'phantom' | 'disordered';

const EXAMPLES = 12;

/** Collects findings while books are compared. */
export class Tally {
  promised = 0;
  stored = 0;
  readonly #counts: Record<Damage, number> = { lost: 0, duplicated: 0, phantom: 0, disordered: 0 };
  readonly #examples: string[] = [];

  add(damage: Damage, what: string): void {
    this.#counts[damage] += 1;
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${damage}: ${what}`);
  }

  findings(): Findings {
    return { promised: this.promised, stored: this.stored, ...this.#counts, examples: this.#examples };
  }
}

export const isClean = ({ lost, duplicated, phantom, disordered }: Findings): boolean =>
  lost + duplicated + phantom + disordered === 0;
