/** What a TLS listener serves, PEM. Certificate and key come together. */
export interface TlsMaterial {
  /** The leaf and the authorities between it and its root. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Issuers of client certificates. */
  readonly ca?: string | undefined;
}

/** Where the material comes from. It may change any time. */
export interface TlsMaterialSource {
  /**
   * What is to be served now. Without a certificate every handshake fails until there is one.
   * @throws AppError CONFIG_INVALID at a start for what an administrator has to repair; anything later, for a source that is
   *   away: what was served before is served on
   */
  read(): Promise<TlsMaterial>;
}
