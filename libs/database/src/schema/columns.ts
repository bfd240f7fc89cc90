import type { ColumnType } from 'kysely';

/** timestamptz(3): ISO 8601 text out; ISO text or a Date in. */
export type Instant = ColumnType<string, string | Date, string | Date>;
export type InstantOrNull = ColumnType<string | null, string | Date | null | undefined, string | Date | null>;
/** With a default in the database. */
export type InstantDefault = ColumnType<string, string | Date | undefined, string | Date>;

/** jsonb: parsed out, JSON text in (the driver would turn a JavaScript array into a Postgres array). */
export type Json<T> = ColumnType<T, string, string>;
export type JsonDefault<T> = ColumnType<T, string | undefined, string>;
export type JsonOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>;

/** What `libs/secrets` makes of a secret; opaque here. */
export type SealedEnvelope = object;

/** Who asked for something. */
export interface Principal {
  /** `administrator`, `api_client` or `system`. */
  readonly kind: string;
  readonly id: string;
  /** Shown to people. */
  readonly name: string;
}
