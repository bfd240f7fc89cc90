/** Limits both ends of the agent protocol hold to. Sizes in bytes, times in milliseconds unless the name says otherwise. */
export const limits = {
  frameBytes: 256 * 1024,
  telemetryBytes: 32 * 1024,
  /** stdout and stderr each; the agent truncates and says so in `truncated`. */
  outputBytes: 64 * 1024,
  outboundQueueFrames: 1_000,
  outboundQueueBytes: 5 * 1024 * 1024,
  inboundFramesPerSecond: 50,
  inboundBurst: 100,
  badFramesPerMinute: 10,
  /** Nonces of frames that are remembered within a session. */
  sessionNonces: 256,
  /** Levels of a free-form object in a frame, itself included. */
  freeFormDepth: 32,
  clockSkewMs: 5 * 60_000,
  nonceMemoryMs: 10 * 60_000,
  pingEveryMs: 20_000,
  silentAfterMs: 40_000,
  /** A deployed agent runs commands inside its socket loop and answers nothing meanwhile. */
  legacySilentAfterMs: 90_000,
  telemetryRing: 50,
  telemetryEveryMs: 30_000,
  /** A COMMAND envelope lives at most this long; the signed command inside has its own, longer expiry. */
  envelopeSeconds: 60,
  envelopeSkewSeconds: 60,
  commandTtlDefaultSeconds: 60,
  commandTtlMaxSeconds: 7 * 24 * 3600,
  maxConcurrency: 4,
  commandQueuePerAgent: 100,
  /** Commands of one gateway, half of them of one principal, and requests of one principal, that wait for a second person. */
  approvalsPerAgent: 20,
  approvalsPerRequester: 50,
  /** Changes announced in one entry of `viw.changes`. */
  changesPerEntry: 100,
} as const;

export const subprotocol = 'viworks-agent-v1';
export const agentWebSocketPath = '/agent/ws';
/** Deployed agents dial these; the path that was requested is the path that is signed. */
export const agentWebSocketAliases = ['/ws/agent', '/agent'] as const;
