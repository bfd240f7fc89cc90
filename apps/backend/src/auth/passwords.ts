import { hash, verify } from '@node-rs/argon2';
import { randomToken } from '@viw/secrets';

/** OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane. argon2id is the library's algorithm 2. */
const parameters = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Hashes and checks passwords. Work is done off the event loop. */
export class Passwords {
  #decoy: Promise<string> | undefined;

  /** Encoded form: algorithm, parameters and salt included. */
  hash(password: string): Promise<string> {
    return hash(password, parameters);
  }

  /** Without a stored hash (unknown account) it takes as long, and is false. */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    const decoy = await (this.#decoy ??= this.hash(randomToken()));
    const matches = await verify(stored ?? decoy, password);
    return matches && stored !== undefined;
  }
}
