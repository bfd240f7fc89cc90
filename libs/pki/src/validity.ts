const DAY_MS = 86_400_000;
const BACKDATED_MS = 300_000;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * From five minutes ago, for clocks that are a little late, for so many days from now; never longer than `issuer`.
 * @param now milliseconds
 */
export function validityOf(now: number, days: number, issuer?: Validity): Validity {
  const end = Math.min(now + days * DAY_MS, issuer?.notAfter.getTime() ?? Infinity);
  // Certificates know whole seconds.
  const seconds = (ms: number): Date => new Date(Math.floor(ms / 1_000) * 1_000);
  return { notBefore: seconds(now - BACKDATED_MS), notAfter: seconds(end) };
}
