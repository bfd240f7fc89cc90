import {
  contestsKey,
  deadLetterRegisterKey,
  deadLetterStream,
  epochKey,
  groups,
  consumerAliveKey,
  hubAliveKey,
  hubRegisterKey,
  hubStream,
  janitorLeaseKey,
  leaseKey,
  mailboxStream,
  nonceKey,
  processesKey,
  rateLimitKey,
  registrySnapshotKey,
  rivalClaimKey,
  sentMarkKey,
  streams,
} from './names';
import type { GroupName, StreamName } from './names';

/** Commands on keys: a command of a rule is allowed on the keys of the same rule only. */
export interface RedisRule {
  /** As in an ACL, without `+`: `xadd`, `client|id`. */
  readonly commands: readonly string[];
  /** Glob patterns. */
  readonly keys?: readonly string[];
  /** `read` and `write` restrict what the commands may do with the keys. Default: both. */
  readonly access?: 'read' | 'write';
}

/** Needed by every connection; none of them touches a key. */
const connection: RedisRule = {
  commands: ['ping', 'info', 'time', 'client|id', 'client|setname', 'client|unblock'],
};

/** Every process says that it is there. */
const presence: RedisRule = { commands: ['zadd', 'zrem', 'zremrangebyscore'], keys: [processesKey] };

const groupCommands = [
  ...['eval', 'xreadgroup', 'xack', 'xclaim', 'xpending'],
  ...['xinfo|groups', 'xinfo|consumers', 'xgroup|create', 'xgroup|delconsumer'],
];

/** A member of the group on these streams: reads, acknowledges, takes over, sets poison aside, says that it lives. */
const consume = (group: GroupName, names: readonly StreamName[]): RedisRule[] => [
  { commands: groupCommands, keys: names },
  { commands: ['xadd'], keys: names.map(deadLetterStream), access: 'write' },
  {
    commands: ['set', 'del', 'exists'],
    keys: names.map((name) => consumerAliveKey(name, group, '*')),
  },
];

const produce = (...names: readonly StreamName[]): RedisRule => ({
  commands: ['xadd'],
  keys: names,
  access: 'write',
});

/** What follows a stream without a group. */
const follow = (...names: readonly StreamName[]): RedisRule => ({
  commands: ['xread', 'xrevrange', 'xinfo|stream'],
  keys: names,
  access: 'read',
});

/** Hub streams are read in a group too; leases, mailboxes and hub streams are touched together by scripts. */
const routing: RedisRule = {
  commands: [
    ...groupCommands,
    ...['xadd', 'xdel', 'xlen', 'xrange', 'get', 'set', 'del', 'exists', 'pexpire', 'pttl'],
    ...['hget', 'hmget', 'hset', 'hdel', 'sadd', 'srem', 'smembers'],
    ...['zadd', 'zrem', 'zscore', 'zrangebyscore'],
  ],
  keys: [
    ...[leaseKey('*'), epochKey('*'), hubAliveKey('*'), mailboxStream('*'), hubStream('*')],
    ...[hubRegisterKey, rivalClaimKey('*'), contestsKey],
  ],
};

/** What each service may do in Redis, and nothing else. An account is named after its service. */
export const redisAccounts = {
  backend: [
    presence,
    { commands: ['zrevrangebyscore'], keys: [processesKey], access: 'read' },
    // Replays dead letters into any stream, trims them, and looks at backlogs; takes part in no group.
    {
      commands: ['eval', 'xadd', 'xtrim', 'xlen', 'xpending', 'xinfo|groups', 'exists'],
      keys: ['viw.*'],
    },
    { commands: ['xrange', 'xrevrange', 'xdel', 'xlen'], keys: ['viw.*.dead'] },
    { commands: ['hget', 'hgetall'], keys: [deadLetterRegisterKey], access: 'read' },
    follow(streams.changes),
    // Whether reports of commands are still unread, before a command is given up.
    { commands: ['xrange'], keys: [streams.commandEvents, streams.commandResults], access: 'read' },
    // Whether a hub has died with commands in its hands.
    { commands: ['smembers'], keys: [hubRegisterKey], access: 'read' },
    { commands: ['exists'], keys: [hubAliveKey('*')], access: 'read' },
    { commands: ['eval', 'get', 'set', 'del', 'pexpire'], keys: [janitorLeaseKey] },
    { commands: ['eval', 'hget', 'hset'], keys: [registrySnapshotKey] },
    {
      commands: ['eval', 'evalsha', 'set', 'get', 'incrby', 'pttl', 'expire', 'del'],
      keys: [rateLimitKey('*')],
    },
    { commands: ['multi', 'exec'] },
    // Shows passwords of the server: for the one account that decides everything anyway.
    { commands: ['config|get'] },
  ],
  'agent-bridge': [
    presence,
    ...consume(groups.agentBridge, [streams.commands]),
    // Whose commands other hubs have in their hands, so that none is overtaken.
    { commands: ['xrange'], keys: [streams.commands], access: 'read' },
    routing,
    { commands: ['set', 'del', 'exists'], keys: [consumerAliveKey(hubStream('*'), groups.agentBridge, '*')] },
    { commands: ['hset'], keys: [deadLetterRegisterKey], access: 'write' },
    { commands: ['set'], keys: [nonceKey('*', '*'), sentMarkKey('*', '*')], access: 'write' },
    produce(
      ...[streams.agentHello, streams.agentSessions, streams.agentEvents, streams.telemetry],
      ...[streams.commandEvents, streams.commandResults, streams.bridgeAlerts],
    ),
    follow(streams.gatewayRegistry),
    { commands: ['hget'], keys: [registrySnapshotKey], access: 'read' },
  ],
  'telemetry-writer': [
    presence,
    ...consume(groups.telemetryWriter, [
      ...[streams.agentHello, streams.agentSessions, streams.agentEvents, streams.telemetry],
    ]),
    // Where a stream ends, when Redis cannot tell how much of it is unread.
    {
      commands: ['xrevrange'],
      keys: [streams.agentHello, streams.agentSessions, streams.agentEvents, streams.telemetry],
      access: 'read',
    },
    produce(streams.changes),
  ],
  'results-writer': [
    presence,
    ...consume(groups.resultsWriter, [streams.commandEvents, streams.commandResults]),
    produce(streams.changes, streams.resultsAlerts),
  ],
  'cert-worker': [
    presence,
    ...consume(groups.certWorker, [streams.certRequests]),
    produce(streams.certEvents, streams.changes, streams.certAlerts),
  ],
  notifier: [
    presence,
    ...consume(groups.notifier, [
      ...[streams.alerts, streams.bridgeAlerts, streams.resultsAlerts, streams.certAlerts],
      streams.certEvents,
    ]),
    produce(streams.changes),
  ],
} as const satisfies Readonly<Record<string, readonly RedisRule[]>>;

export type RedisAccount = keyof typeof redisAccounts;

const prefix = { read: '%R~', write: '%W~', both: '~' } as const;

const ruleText = ({ commands, keys = [], access }: RedisRule): string =>
  [
    ...keys.map((key) => `${prefix[access ?? 'both']}${key}`),
    ...commands.map((command) => `+${command}`),
  ].join(' ');

/**
 * The account's line of an ACL file, for Redis 7.0 and later: one selector per rule.
 *
 * @param password `#` and the SHA-256 of the password in hex, or `>` and the password itself
 * @see https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
 */
export function redisAclLine(account: RedisAccount, password: string): string {
  const rules: readonly RedisRule[] = redisAccounts[account];
  const selectors = rules.map((rule) => `(${ruleText(rule)})`).join(' ');
  return `user ${account} on ${password} ${ruleText(connection)} ${selectors}`;
}

/** `deploy/redis/users.acl.template`. Redis refuses to start with it until every placeholder has been replaced. */
export function redisAclTemplate(): string {
  const accounts = Object.keys(redisAccounts) as RedisAccount[];
  const placeholder = (account: string): string =>
    `#<sha256 of the ${account} password>`.replaceAll(' ', '-');
  return [
    'user default off',
    ...accounts.map((account) => redisAclLine(account, placeholder(account))),
    '',
  ].join('\n');
}
