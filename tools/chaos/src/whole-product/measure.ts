/** How much of it: `--quick` for everyday, the full measure for the record. */
export interface CommandsMeasure {
  readonly gateways: number;
  readonly commandsPerSecond: number;
  /** How long the load runs. */
  readonly windowMs: number;
  /** A fault begins this often. */
  readonly faultEveryMs: number;
  /** Share by which outages last longer than in a quick run. */
  readonly stretch: number;
  /** How long a hub is away until others take it for dead; not at all without it. */
  readonly hubAwayMs?: number;
  /** How long it may take afterwards until all is at rest: longer than it takes to call an outcome unknown. */
  readonly drainMs: number;
}

export const commandsMeasures = {
  quick: {
    gateways: 4,
    commandsPerSecond: 12,
    windowMs: 19_000,
    faultEveryMs: 1_000,
    stretch: 1,
    drainMs: 150_000,
  },
  full: {
    gateways: 8,
    commandsPerSecond: 8,
    windowMs: 180_000,
    faultEveryMs: 2_000,
    stretch: 1.5,
    hubAwayMs: 25_000,
    drainMs: 240_000,
  },
} satisfies Record<string, CommandsMeasure>;
