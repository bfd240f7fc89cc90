/** CAs forget nonces; a stale one costs a refusal and a repetition, no more. */
const LONGEST_MS = 60_000;
const MOST = 16;

/** Unused nonces of one CA (RFC 8555 section 6.5: every answer to a POST brings one). Each is handed out once, the newest first. */
export class NoncePool {
  #nonces: { readonly nonce: string; readonly at: number }[] = [];

  /** @param now milliseconds, of any clock that never goes back */
  constructor(private readonly now: () => number = () => performance.now()) {}

  put(nonce: unknown): void {
    if (typeof nonce !== 'string' || !/^[A-Za-z0-9_-]{1,512}$/.test(nonce)) return;
    this.#nonces.push({ nonce, at: this.now() });
    if (this.#nonces.length > MOST) this.#nonces.shift();
  }

  take(): string | undefined {
    const newest = this.#nonces.pop();
    if (newest && this.now() - newest.at <= LONGEST_MS) return newest.nonce;
    // The others are older still.
    this.clear();
    return undefined;
  }

  /** One was refused: the others may be of a CA that has been started anew. */
  clear(): void {
    this.#nonces = [];
  }
}
