/**
 * Every name that two programs must agree on: streams, consumer groups, keys and their hash tags.
 * Nothing else in the repository spells one of these out.
 */

/** Streams that one or more consumer groups read, or that are followed by plain XREAD (`changes`, `gatewayRegistry`). */
export const streams = {
  agentHello: 'viw.agent_hello',
  agentSessions: 'viw.agent_sessions',
  agentEvents: 'viw.agent_events',
  telemetry: 'viw.telemetry',
  commands: 'viw.commands',
  commandEvents: 'viw.command_events',
  commandResults: 'viw.command_results',
  changes: 'viw.changes',
  certRequests: 'viw.cert_requests',
  certEvents: 'viw.cert_events',
  gatewayRegistry: 'viw.gateway_registry',
  /** Of any kind: the backend's alone, since who may write here can take back what anybody has raised. */
  alerts: 'viw.alerts',
  /** One per writer beside it, each for the kinds of that writer only (`alertWriters`). */
  bridgeAlerts: 'viw.alerts.agent_bridge',
  resultsAlerts: 'viw.alerts.results_writer',
  certAlerts: 'viw.alerts.cert_worker',
} as const;

export type StreamName = (typeof streams)[keyof typeof streams];

/** Consumer groups, named after the service that reads. */
export const groups = {
  agentBridge: 'agent-bridge',
  telemetryWriter: 'telemetry-writer',
  resultsWriter: 'results-writer',
  certWorker: 'cert-worker',
  notifier: 'notifier',
  backend: 'backend',
} as const;

export type GroupName = (typeof groups)[keyof typeof groups];

/**
 * The groups that must have acknowledged an entry before it may be trimmed. A group listed here that does not exist
 * keeps its streams from being trimmed at all, so a service is listed from the moment it reads. Streams without a
 * group are followed by plain XREAD or not read yet: `keptEntries` bounds them.
 */
export const streamGroups: Readonly<Record<StreamName, readonly GroupName[]>> = {
  [streams.agentHello]: [groups.telemetryWriter],
  [streams.agentSessions]: [groups.telemetryWriter],
  [streams.agentEvents]: [groups.telemetryWriter],
  [streams.telemetry]: [groups.telemetryWriter],
  [streams.commands]: [groups.agentBridge],
  [streams.commandEvents]: [groups.resultsWriter],
  [streams.commandResults]: [groups.resultsWriter],
  [streams.changes]: [],
  [streams.certRequests]: [groups.certWorker],
  [streams.certEvents]: [groups.notifier],
  [streams.gatewayRegistry]: [],
  [streams.alerts]: [groups.notifier],
  [streams.bridgeAlerts]: [groups.notifier],
  [streams.resultsAlerts]: [groups.notifier],
  [streams.certAlerts]: [groups.notifier],
};

/**
 * About how many of the newest entries whoever writes to these streams leaves in them. The first two are read by no group, so
 * nobody else keeps them short: a backend that reconnects within seconds finds every change, a hub that has missed registry
 * deltas loads the snapshot. The others have a reader that an installation may do without: while there is none, this is what
 * bounds them, and of alerts and events only the latest are of use then.
 */
export const keptEntries = {
  [streams.changes]: 10_000,
  [streams.gatewayRegistry]: 100_000,
  [streams.certEvents]: 100_000,
  [streams.alerts]: 10_000,
  [streams.bridgeAlerts]: 10_000,
  [streams.resultsAlerts]: 10_000,
  [streams.certAlerts]: 10_000,
} as const satisfies Partial<Record<StreamName, number>>;

/**
 * Commands handed to one hub, and word that one of its connections was replaced. That hub reads it in the group
 * `agent-bridge`; when it has died the others empty it.
 * Keys that one script touches together (lease, mailbox, hub stream) carry one hash tag per partition,
 * so that the scripts also run on Redis Cluster. With a single partition the tag is constant.
 */
const partitionTag = '{p0}';

export const hubStream = (hub: string): string => `viw.commands.hub.${partitionTag}${hub}`;

/** Commands that wait for an offline agent, in order; read by the hub that gets the agent. */
export const mailboxStream = (agentId: string): string => `viw.mailbox.${partitionTag}${agentId}`;

/**
 * Which hub holds the agent's socket: a hash {hub, epoch, conn_id, address, serving?} with a TTL renewed while the socket
 * lives. `address` is that of the agent; `serving` is there once its mailbox is drained, so that commands go to the hub's stream.
 */
export const leaseKey = (agentId: string): string => `viw:lease:${partitionTag}${agentId}`;

/** Newest epoch given for the agent (TTL key, renewed with its lease). Without it the next one follows Redis's clock. */
export const epochKey = (agentId: string): string => `viw:epoch:${partitionTag}${agentId}`;

/** Present while the hub lives (TTL key). */
export const hubAliveKey = (hub: string): string => `viw:hub:${partitionTag}${hub}`;

/** Ids of the hubs that may have left something in Redis: a set. One that is gone is forgotten with its empty stream. */
export const hubRegisterKey = `viw:hubs:${partitionTag}`;

/** Present for a while after a claim from another address has replaced a connection of the agent (TTL key). */
export const rivalClaimKey = (agentId: string): string => `viw:rival:${partitionTag}${agentId}`;

/**
 * Agent ids that two live hosts claim: a sorted set. The score is when the contest ends if no further claim comes,
 * milliseconds by Redis's clock.
 */
export const contestsKey = `viw:contests:${partitionTag}`;

/** Handshake nonces already used, across all hubs. */
export const nonceKey = (agentId: string, nonce: string): string => `viw:nonce:${agentId}:${nonce}`;

/** Present once a command has been sent to an agent that keeps no journal: it must not be sent again. */
export const sentMarkKey = (agentId: string, correlationId: string): string =>
  `viw:sent:${agentId}:${correlationId}`;

/** Where the backend leaves the whole gateway registry for hubs: a hash {version, body}. */
export const registrySnapshotKey = 'viw:gateway_registry:snapshot';

/** Present while a consumer lives (TTL key): idle time alone does not tell before Redis 7.2. */
export const consumerAliveKey = (stream: string, group: string, consumer: string): string =>
  `viw:consumer:${stream}:${group}:${consumer}`;

/** Processes of viw: a sorted set of `ProcessFacts` as JSON. The score is when each was last seen, milliseconds by Redis's clock. */
export const processesKey = 'viw:processes';

/** Requests counted by a rate limit of the backend; the library appends whose they are (TTL key). */
export const rateLimitKey = (policy: string): string => `viw:rate:${policy}`;

/** Held by the one process that trims streams. */
export const janitorLeaseKey = 'viw:janitor';

/** Where the consumer of a stream sets poison entries aside. */
export const deadLetterStream = (stream: string): string => `${stream}.dead`;

/**
 * Which streams beside those above may have a dead-letter stream: a hash from the stream (a hub's, a partition) to the
 * stream whose contract it follows. Kept by consumers, so that nobody has to walk through all keys.
 */
export const deadLetterRegisterKey = 'viw:dead_letter_streams';

/** Postgres NOTIFY channel that wakes the outbox relay. */
export const outboxChannel = 'viw_outbox';

/** Postgres advisory lock keys (bigint), one per job that only one process may do at a time. */
export const advisoryLocks = {
  migrations: 7_301,
  outboxRelay: 7_302,
  reconciler: 7_303,
  /** Taken by functions of a migration, which spell it out. */
  pointPartitions: 7_304,
  registrySnapshot: 7_307,
  auditSealer: 7_309,
  /** Shared by whoever accepts a command, exclusive for a freeze and for a change of a verb's policy. */
  commandAcceptance: 7_308,
  /** Whoever looks whether certificates are served still. */
  servedWatch: 7_320,
  certificateScheduler: 7_327,
  revocationLists: 7_342,
  /** Taken for a transaction by whoever changes alerts for those who raise them. */
  alertIntake: 7_350,
  /** Delivers notifications, and looks whether alerts are still about something. */
  notificationDelivery: 7_351,
  alertUpkeep: 7_352,
  auditRetention: 7_356,
  /** Each deletes a service's history past its retention. */
  agentHistory: 7_358,
  commandHistory: 7_359,
  certificateHistory: 7_360,
  /** Taken for a transaction by whoever asks for an approval. 7 365 with a verb is that of commands bounded by its policy. */
  approvalRequests: 7_366,
} as const;
