/** Whoever can change a zone. Safe for concurrent use. */
export interface DnsProvider {
  /** For people, such as `RFC 2136 at 192.0.2.1:53`. */
  readonly description: string;
  /**
   * Adds one TXT value to those that are there: a wildcard and its apex share a name. Adding it again changes nothing.
   * @param name absolute, without the final dot
   */
  addTxt(name: string, value: string, signal?: AbortSignal): Promise<void>;
  /** Removes this value and no other. Its absence is no error. */
  removeTxt(name: string, value: string): Promise<void>;
}
