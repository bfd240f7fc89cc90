/** Milliseconds. A hub or lease is taken for dead after three missed renewals. */
export const bridgeTiming = {
  liveness: 100,
  readPause: 20,
  sweep: 500,
  hubAlive: 3_000,
  leaseRenewal: 10_000,
  heartbeatEntries: 30_000,
  contests: 1_000,
  rivalClaim: 60_000,
  /** Longer than a refused agent waits: Retry-After and the cap of its jitter. */
  contest: 120_000,
  /** What a deployed agent may spend on one command. */
  legacyLoop: 45_000,
  registryCheck: 2_000,
  /** Without a word about the registry for so long, no command is sent. */
  registryCurrent: 10_000,
  tlsFiles: 5_000,
};

/** What a dead hub had read of `viw.commands` and given no place yet is taken over as fast as its stream is. */
export const ingressTakeover = (hubAliveMs: number) => ({
  livenessTtlMs: 3 * hubAliveMs,
  claimEveryMs: hubAliveMs,
  minIdleMs: 2 * hubAliveMs,
});
