/** The nonces that frames of one session carried lately. */
export class RecentNonces {
  readonly #limit: number;
  readonly #seen = new Set<string>();

  constructor({ limit }: { limit: number }) {
    this.#limit = limit;
  }

  /** False when the nonce is among the last `limit`. */
  claim(nonce: string): boolean {
    if (this.#seen.has(nonce)) return false;
    this.#seen.add(nonce);
    const [oldest] = this.#seen;
    if (this.#seen.size > this.#limit && oldest !== undefined) this.#seen.delete(oldest);
    return true;
  }
}
