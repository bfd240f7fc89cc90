import { createHash } from 'node:crypto';
import pg from 'pg';

/** Per connection. Statements beyond it are sent as ever; ours are far fewer, since lists travel as arrays. */
const MOST = 256;

/**
 * A client that prepares each statement with parameters under a name of its own, so that Postgres parses and plans it once
 * per connection and not each time (PostgreSQL, PREPARE). Needs a connection of one's own: not for a pooler that gives
 * every transaction another one, unless it follows prepared statements.
 */
export class PreparingClient extends pg.Client {
  readonly #names = new Map<string, string>();

  // The overloads of `query` are those of the base class; Kysely uses (text, values).
  override query = ((...args: unknown[]): unknown => {
    const query = super.query.bind(this) as (...given: unknown[]) => unknown;
    const [text, values] = args;
    if (args.length !== 2 || typeof text !== 'string' || !Array.isArray(values) || values.length === 0)
      return query(...args);
    const name = this.#nameOf(text);
    return name === undefined ? query(text, values) : query({ name, text, values });
  }) as pg.Client['query'];

  /** Undefined when there are too many. */
  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= MOST) return known;
    const name = `viw_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
    this.#names.set(text, name);
    return name;
  }
}
