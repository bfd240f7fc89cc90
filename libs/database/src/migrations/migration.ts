/**
 * One step of the schema, forward only. Once released neither its name nor its text changes: `migrate` compares
 * the SHA-256 of the text with the one recorded when it was applied.
 */
export interface Migration {
  /** `0001_what`: four digits, applied in this order. */
  readonly name: string;
  /** Plain SQL, one or more statements, run in one transaction. */
  readonly sql: string;
}
